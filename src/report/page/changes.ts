import { describeReason, plannedId } from '../../core/planned-change.js';
import type { ChangeOutcome } from '../../core/results.js';
import type { ChangeList, ListedChange } from '../planned-lists.js';
import type { RunStatus, RunSummary } from '../summary.js';
import { html, type Html } from './html.js';
import { count, plural, shortened } from './words.js';

type Action = ChangeList['action'];

const WORDS: Readonly<Record<Action, readonly [would: string, done: string, not: string]>> = {
  delete: ['Would be deleted', 'Deleted', 'Not deleted'],
  create: ['Would be created', 'Created', 'Not created'],
  update: ['Would be updated', 'Updated', 'Not updated'],
};

const OUTCOMES: Readonly<Record<ChangeOutcome['outcome'], string>> = {
  confirmed: 'confirmed by Okta',
  refused: 'refused by Okta',
  unknown: 'outcome unknown; it is sent again',
};

/** Who and what a run creates, updates or deletes, each entity in a table of its own. Deletions come first. */
export function changes(summary: RunSummary, action: Action): Html | undefined {
  const lists = (summary.planned ?? []).filter((list) => list.action === action);
  if (lists.length === 0) return undefined;
  return html`<section class="wide ${action === 'delete' && 'deletions'}" aria-labelledby="${action}">
    <h2 id="${action}"><span class="dot ${action}"></span>${titleOf(action, summary.status)}</h2>
    ${
      action === 'delete' &&
      html`<p class="soft">
        ${summary.status === 'planned' ? 'Okta would deactivate' : 'Okta deactivates'} a deleted user. Groups
        and memberships are removed.
      </p>`
    }
    ${lists.map((list) => table(list, summary.status))}
  </section>`;
}

/** The heading fits what became of the plan. */
function titleOf(action: Action, status: RunStatus): string {
  const [would, done, not] = WORDS[action];
  switch (status) {
    case 'planned':
      return would;
    case 'stopped':
      return `${not}, because the guard stopped the run`;
    case 'done':
      return done;
    default:
      return `${done} in part: the run did not reach its end`;
  }
}

function table(list: ChangeList, status: RunStatus): Html {
  const { entity, action, count: all, first, attributes = [] } = list;
  const isSent = status !== 'planned' && status !== 'stopped';
  const withNames = action === 'update' && entity !== 'memberships';
  return html`${groups(list)}
    <div class="scroll" role="region" aria-label="${titleOf(action, status)}, ${entity}" tabindex="0">
      <table class="searchable" data-what="${entity}">
        <caption>
          <strong>${plural(all, entity.slice(0, -1))}</strong
          >${first.length < all && `: the first ${count(first.length)}; all of them are in planned.csv`}
        </caption>
        <thead>
          <tr>
            <th scope="col">${entity === 'memberships' ? 'Group / member' : 'Id'}</th>
            ${attributes.map((name) => html`<th scope="col">${shortened(name, 60)}</th>`)}
            <th scope="col">${withNames ? 'Attributes' : 'Reason'}</th>
            ${isSent && html`<th scope="col">Outcome</th>`}
          </tr>
        </thead>
        <tbody>
          ${first.map((change) => row(change, attributes, withNames, isSent))}
        </tbody>
      </table>
    </div>`;
}

/** How many have the same value of an allowed attribute. */
function groups({ groups: all = [], count: changed, known = 0 }: ChangeList): Html[] {
  return all.map(({ attribute, top, others }) => {
    const parts = top.map(({ value, count: n }) => `${shortened(value, 60)} ${count(n)}`);
    if (others > 0) parts.push(`other values ${count(others)}`);
    const of = known < changed ? ` (of the ${count(known)} whose values were read)` : '';
    return html`<p class="grouped">
      By <span class="id">${shortened(attribute, 60)}</span>: ${parts.join(', ')}${of}
    </p>`;
  });
}

function row(change: ListedChange, attributes: readonly string[], withNames: boolean, isSent: boolean): Html {
  const { reason, changedAttributes: names, outcome, values = [] } = change;
  const why = withNames ? (names?.join(', ') ?? 'not known') : describeReason(reason);
  return html`<tr>
    <th scope="row"><span class="id">${shortened(plannedId(change))}</span></th>
    ${attributes.map((_, i) => html`<td class="any">${shortened(values[i] ?? '', 200)}</td>`)}
    <td class="any">${shortened(why, 300)}</td>
    ${isSent && html`<td>${outcome === undefined ? 'not confirmed' : OUTCOMES[outcome]}</td>`}
  </tr>`;
}
