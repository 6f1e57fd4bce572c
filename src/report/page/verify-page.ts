import { differingList } from '../../core/differing-list.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import {
  DIFFERENCE_STATUSES,
  differenceId,
  type Difference,
  type DifferenceStatus,
  type VerifyReport,
} from '../../core/verify-results.js';
import { downloads } from './downloads.js';
import { framed } from './frame.js';
import { html, type Html } from './html.js';
import { count, dateTime, duration, plural, shortened } from './words.js';

/** Headings and meanings of the statuses. */
const STATUSES: Readonly<Record<DifferenceStatus, readonly [heading: string, meaning: string]>> = {
  missing: ['Missing', 'Okta does not have them.'],
  differing: ['Differing', 'Okta has other values; the attributes are named, the values are not.'],
  deactivated: ['Deactivated', 'Okta has these users, but not as active ones.'],
  unconfirmed: ['Waiting', "They were imported, and wait for an administrator's confirmation."],
  foreign: ['Not ours', 'Okta has them, and nobody expects them: people who left, or who were made by hand.'],
  unknown: ['Unknown', 'The state does not know what Okta has; the next sync sends them again.'],
};

/** Differences of one kind, with the number of all of them. */
export interface ListedDifferences {
  readonly status: DifferenceStatus;
  readonly entity: Entity;
  readonly all: number;
  /** The first of them. */
  readonly first: readonly Difference[];
}

/**
 * The HTML page of `verify`. It shows ids and names of attributes, but no values.
 *
 * @param contentOf - the whole content of another file of the report, if the page shall contain it
 */
export function verifyPage(
  report: VerifyReport,
  lists: readonly ListedDifferences[],
  contentOf: (name: string) => string | undefined,
): string {
  return framed({
    title: titleOf(report),
    main: html`${header(report)}
      <div class="grid">
        ${notes(report)} ${counts(report)} ${DIFFERENCE_STATUSES.map((s) => section(s, lists))}
      </div>`,
    footer: html`<p>
        Files of this report. They contain external ids and names of attributes, but no profile values.
      </p>
      ${downloads(
        [
          ['differences.csv', plural(report.differences, 'difference')],
          ['verify.json', 'for programs'],
        ].map(([name = '', what = '']) => ({ name, what, content: contentOf(name) })),
      )}`,
  });
}

function titleOf({ counts, sample, readUsers, notes: refused }: VerifyReport): string {
  const isPart = sample !== undefined || readUsers === 'single' || refused.length > 0;
  const differing = differingList(counts);
  if (differing === undefined) return isPart ? 'Nothing differs in what was read' : 'Okta is in step';
  return `Not as expected in Okta: ${differing}`;
}

function header(report: VerifyReport): Html {
  const { differences, startedAt, endedAt } = report;
  const [from, to] = [startedAt.toISOString(), endedAt.toISOString()];
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return html`<header>
    <span class="badge ${differences === 0 ? 'good' : 'bad'}">${differences === 0 ? 'Same' : 'Differs'}</span>
    <span class="brand">rollcall verify report</span>
    <h1>${titleOf(report)}</h1>
    <p class="soft">
      ${dateTime(from, zone)} to ${dateTime(to, zone)}, ${duration(endedAt.getTime() - startedAt.getTime())}
    </p>
  </header>`;
}

/** What limits the result. */
function notes(report: VerifyReport): Html | undefined {
  const { inFlight, rejected, repaired, importedLater, sample, readUsers } = report;
  const lines = [
    ...report.notes,
    ...(sample === undefined
      ? []
      : [`Only ${plural(sample, 'group')} with their members were read, chosen at random.`]),
    ...(readUsers === 'pages'
      ? []
      : ['Users were read one by one: who is deactivated, waits or is not ours is not known.']),
    ...(inFlight === 0
      ? []
      : [`${plural(inFlight, 'session')} in flight: run a sync first, then verify again.`]),
    ...(rejected === 0 ? [] : [`${plural(rejected, 'record')} of the sources rejected: not compared.`]),
    ...(importedLater === undefined
      ? []
      : [
          `Okta imported ${plural(importedLater.users, 'user')} after the last import of this state: another program writes to the identity source, or the state is an old copy.`,
        ]),
    ...(repaired === 0
      ? []
      : [`The state doubts ${plural(repaired, 'row')} now: the next sync sends them again.`]),
  ];
  if (lines.length === 0) return undefined;
  return html`<section class="wide alert warn" aria-labelledby="notes">
    <h2 id="notes">What to know</h2>
    <ul>
      ${lines.map((line) => html`<li>${shortened(line, 600)}</li>`)}
    </ul>
  </section>`;
}

function counts(report: VerifyReport): Html {
  return html`<section class="wide" aria-labelledby="counts">
    <h2 id="counts">Counts</h2>
    <table>
      <caption>
        Entities that were compared, by result
      </caption>
      <thead>
        <tr>
          <th scope="col"></th>
          ${ENTITIES.map((entity) => html`<th class="n" scope="col">${entity}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${(['same', ...DIFFERENCE_STATUSES] as const).map(
          (status) =>
            html`<tr>
              <th scope="row">${status === 'same' ? 'Same' : STATUSES[status][0]}</th>
              ${ENTITIES.map((entity) => html`<td class="n">${count(report.counts[entity][status])}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function section(status: DifferenceStatus, lists: readonly ListedDifferences[]): Html | undefined {
  const mine = lists.filter((list) => list.status === status && list.all > 0);
  if (mine.length === 0) return undefined;
  const [heading, meaning] = STATUSES[status];
  return html`<section class="wide" aria-labelledby="${status}">
    <h2 id="${status}">${heading}</h2>
    <p class="soft">${meaning}</p>
    ${mine.map(list)}
  </section>`;
}

function list({ entity, all, first, status }: ListedDifferences): Html {
  const withAttributes = status === 'differing';
  const caption =
    first.length === all ? 'They are also in differences.csv.' : 'All of them are in differences.csv.';
  return html`<details ${first.length <= 10 && 'open'}>
    <summary>
      ${first.length < all && `The first ${count(first.length)} of `}${plural(all, entity.slice(0, -1))}
    </summary>
    <table class="searchable" data-what="${entity}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Id</th>
          ${withAttributes && html`<th scope="col">Attributes</th>`}
        </tr>
      </thead>
      <tbody>
        ${first.map(
          (difference) =>
            html`<tr>
              <th scope="row"><span class="id">${shortened(differenceId(difference))}</span></th>
              ${withAttributes && html`<td>${shortened(attributesOf(difference), 300)}</td>`}
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

function attributesOf({ attributes }: Difference): string {
  return attributes.length === 0 ? 'not known' : attributes.join(', ');
}
