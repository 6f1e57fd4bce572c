import { differingList } from '../../core/differing-list.js';
import { ENTITIES } from '../../core/model.js';
import {
  DIFFERENCE_STATUSES,
  differenceId,
  type Difference,
  type DifferenceStatus,
  type VerifyReport,
} from '../../core/verify-results.js';
import { formatDuration } from './duration.js';
import { columns, count, plural, printable } from './words.js';

/** The heading of each status. */
const HEADINGS: Readonly<Record<DifferenceStatus, string>> = Object.freeze({
  missing: 'missing',
  differing: 'differing',
  deactivated: 'deactivated',
  unconfirmed: 'waiting',
  foreign: 'not ours',
  unknown: 'unknown',
});

/** The outcome of `verify`, as text. */
export function verifyText(report: VerifyReport, width?: number): string {
  const { counts, repaired, notes, inFlight, rejected } = report;
  const took = formatDuration(report.endedAt.getTime() - report.startedAt.getTime());
  const isPart = report.sample !== undefined || report.readUsers === 'single' || notes.length > 0;
  const differing = differingList(counts);
  const found =
    differing === undefined
      ? `nothing differs${isPart ? ' in what was read' : ''}.`
      : `not as expected: ${differing}.`;
  const header = ['', 'same', ...DIFFERENCE_STATUSES.map((status) => HEADINGS[status])];
  return [
    `Read Okta in ${took}: ${found}`,
    '',
    ...columns(
      [
        header,
        ...ENTITIES.map((entity) => [
          entity,
          ...(['same', ...DIFFERENCE_STATUSES] as const).map((status) => count(counts[entity][status])),
        ]),
      ],
      width,
    ),
    ...exampleLines(report),
    ...(inFlight === 0
      ? []
      : ['', `${plural(inFlight, 'session')} in flight: run a sync first, then verify again.`]),
    ...(rejected === 0 ? [] : ['', `${plural(rejected, 'record')} of the sources rejected: not compared.`]),
    ...laterLines(report),
    ...notes.flatMap((note) => ['', printable(note)]),
    ...(repaired === 0
      ? []
      : ['', `The state doubts ${plural(repaired, 'row')} now: the next sync sends them again.`]),
  ].join('\n');
}

function laterLines({ importedLater: later }: VerifyReport): string[] {
  if (later === undefined) return [];
  const at = (date: Date) => `${date.toISOString().slice(0, 16)}Z`;
  return [
    '',
    `Okta imported ${plural(later.users, 'user')} after the last import of this state (${at(later.endedAt)}), the last at ${at(later.newest)}.`,
    'Another program writes to this identity source, or the state is a copy of an older day. For a copy: rollcall sync --resend all',
  ];
}

function exampleLines({ examples, differences }: VerifyReport): string[] {
  if (examples.length === 0) return [];
  const rank = ({ entity, status }: Difference) =>
    ENTITIES.indexOf(entity) * DIFFERENCE_STATUSES.length + DIFFERENCE_STATUSES.indexOf(status);
  // Okta's lists have no useful order.
  const sorted = [...examples].sort(
    (a, b) => rank(a) - rank(b) || (differenceId(a) < differenceId(b) ? -1 : 1),
  );
  const lines = sorted.map((difference) => {
    const { entity, status, attributes } = difference;
    const names = attributes.length === 0 ? '' : `: ${attributes.join(', ')}`;
    return printable(`  ${entity.slice(0, -1)} ${differenceId(difference)} ${HEADINGS[status]}${names}`);
  });
  const more = differences - examples.length;
  return ['', ...lines, ...(more > 0 ? [`  and ${count(more)} more; --report DIR lists all of them`] : [])];
}
