import { ENTITIES, type Entity } from '../../core/model.js';
import { plannedId, type PlannedChange } from '../../core/planned-change.js';
import type { KindCounts } from '../../core/results.js';
import { groupsOf } from '../../report/value-groups.js';
import type { FirstDeletions } from '../commands/planned.js';
import type { Flags } from '../settings/resolve-settings.js';
import { count, plural, printable } from './words.js';

/** Names of the entities that are deleted, which Okta has: the values of the columns of `--names` by entity and id. */
export interface DeletedNames {
  readonly columns: readonly string[];
  readonly values: Readonly<Record<Entity, ReadonlyMap<string, readonly string[]>>>;
  /** Why names are missing. */
  readonly note: string | undefined;
}

/** Where a plan is: it was only made, or the guard stopped it. */
export type DeletionState = 'planned' | 'stopped';

const TITLES: Readonly<Record<DeletionState, string>> = {
  planned: 'Would be deleted',
  stopped: 'Not deleted, because the guard stopped the plan',
};

/** What deletions are shown with. */
export interface DeletionView {
  readonly state: DeletionState;
  /** The flags of the command. */
  readonly flags: Flags;
  /** The file of the report with all changes; undefined without a report. */
  readonly plannedFile?: string | undefined;
  readonly names?: DeletedNames | undefined;
}

/** Who and what a plan deletes, by entity: how many, and the first of them. No lines if it deletes nothing. */
export function deletionLines(
  entities: Readonly<Record<Entity, KindCounts>>,
  first: FirstDeletions,
  { state, flags, plannedFile, names }: DeletionView,
): string[] {
  const shown = ENTITIES.filter((entity) => entities[entity].deletes > 0);
  if (shown.length === 0) return [];
  const lines = shown.flatMap((entity) => {
    const { deletes } = entities[entity];
    const rest = deletes - first[entity].length;
    const what = `${plural(deletes, entity.slice(0, -1))}${entity === 'users' ? ', deactivated in Okta' : ''}`;
    return [
      `  ${what}:`,
      ...idLines(first[entity], names?.values[entity]).map((line) => `    ${line}`),
      ...(rest > 0 ? [`    and ${count(rest)} more`] : []),
      ...leftOutLines(first[entity]).map((line) => `    ${line}`),
      ...groupLines(deletes, names, entity).map((line) => `    ${line}`),
    ];
  });
  const isCut = shown.some((entity) => entities[entity].deletes > first[entity].length);
  return [
    `${TITLES[state]}:`,
    ...lines,
    ...(isCut && flags['changes'] === undefined
      ? [
          plannedFile === undefined
            ? '  --changes FILE writes all of them to a file.'
            : `  All of them are in ${printable(plannedFile)}.`,
        ]
      : []),
    ...(state === 'stopped' && flags['names'] === undefined && entities.users.deletes > 0
      ? [
          '  "rollcall plan --names ATTRIBUTES" shows who they are, such as --names firstName lastName; sync has the same flag.',
        ]
      : []),
    ...(names?.note === undefined ? [] : [`  ${printable(names.note)}`]),
  ];
}

/** Those among the listed that are in the source, and that a condition left out: people who left, and not rows that are missing. */
function leftOutLines(changes: readonly PlannedChange[]): string[] {
  const ids = changes
    .filter(({ reason }) => reason === 'leftOut')
    .map((change) => printable(plannedId(change)));
  if (ids.length === 0) return [];
  return [
    ids.length === changes.length
      ? 'all of these are left out by a condition'
      : `of these, left out by a condition: ${ids.join(', ')}; the others are not in the source any more`,
  ];
}

/** How many have the same value of an attribute, one line for each attribute that makes groups. */
function groupLines(deletes: number, names: DeletedNames | undefined, entity: Entity): string[] {
  if (names === undefined) return [];
  const known = names.values[entity];
  return groupsOf(names.columns, [...known.values()]).map(({ attribute, top, others }) => {
    const parts = top.map(({ value, count: n }) => `${printable(value)} ${count(n)}`);
    if (others > 0) parts.push(`other values ${count(others)}`);
    const of = known.size < deletes ? ` (of the ${count(known.size)} that were read)` : '';
    return `by ${printable(attribute)}: ${parts.join(', ')}${of}`;
  });
}

/** The ids in one line; with names, one line each. */
function idLines(
  changes: readonly PlannedChange[],
  names: ReadonlyMap<string, readonly string[]> | undefined,
): string[] {
  const ids = changes.map((change) => printable(plannedId(change)));
  if (names === undefined || names.size === 0) return ids.length === 0 ? [] : [ids.join(', ')];
  const width = Math.max(...ids.map((id) => id.length));
  return changes.map((change, i) => {
    const values = names.get(change.externalId) ?? [];
    return `${(ids[i] as string).padEnd(width)}  ${values.map(printable).join('  ')}`.trimEnd();
  });
}
