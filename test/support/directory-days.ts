import fc from 'fast-check';
import { directoryChanges, sourceReports, type DirectorySources } from '../../src/sync/directory-changes.js';
import { silent } from '../../src/events/events.js';
import type { Flow } from '../../src/flow/flow.js';
import type { Change, Entity } from '../../src/core/model.js';
import { map } from '../../src/transform/map.js';
import { pipe } from '../../src/flow/pipe.js';
import { mappingOf, withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { RunContext } from '../../src/flow/run-context.js';
import type { Rejection } from '../../src/core/rejection.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { groupFrom, membershipFrom, userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import type { StateStore } from '../../src/state/store.js';
import { inPieces } from './two-ways.js';
import { adopted, gone } from './rows.js';

/** The mappings of the rows of a directory. */
export const MAPPINGS = {
  users: userFrom({ externalId: 'id', profile: { userName: 'mail', email: 'mail', firstName: 'name' } }),
  groups: groupFrom({ externalId: 'id', profile: { displayName: 'name' } }),
  memberships: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
};
export const COLUMNS = {
  users: ['id', 'mail', 'name'],
  groups: ['id', 'name'],
  memberships: ['team', 'person'],
} as const;

/** The rows of a directory. */
export type Rows = Readonly<Record<Entity, readonly (readonly string[])[]>>;

const anyRows: fc.Arbitrary<Rows> = fc.record({
  users: fc.array(
    fc.tuple(
      fc.nat(9).map((i) => `u${i}`),
      fc.constantFrom('a@x.example', 'b@x.example', 'b@x.example', 'no'),
      fc.constantFrom('Ann', 'Zoë', ''),
    ),
    { maxLength: 14 },
  ),
  groups: fc.array(
    fc.tuple(
      fc.nat(3).map((i) => `g${i}`),
      fc.constantFrom('A', 'B', 'B', ''),
    ),
    { maxLength: 6 },
  ),
  memberships: fc.array(
    fc.tuple(
      fc.nat(3).map((i) => `g${i}`),
      fc.nat(9).map((i) => `u${i}`),
    ),
    { maxLength: 24 },
  ),
});

const anyGone = fc.array(fc.nat(9), { maxLength: 3 });

/** Another day: most of it is as it was, in another order and partly twice; a few rows are gone, and a few are new. */
export const anyDays = fc
  .record({
    yesterday: anyRows,
    other: anyRows,
    picks: fc.array(fc.nat(40), { maxLength: 40 }),
    gone: fc.record({ users: anyGone, groups: anyGone, memberships: anyGone }),
    added: fc.nat(3),
  })
  .map(({ yesterday, other, picks, gone, added }) => {
    const today = (entity: Entity) => {
      const stays = yesterday[entity].filter((_, i) => !gone[entity].includes(i));
      return [
        ...picks.flatMap((pick) => stays.slice(pick, pick + 1)),
        ...stays,
        ...other[entity].slice(0, added),
      ];
    };
    return {
      yesterday,
      today: { users: today('users'), groups: today('groups'), memberships: today('memberships') },
    };
  });

export type Format = 'CSV' | 'JSON lines';

/** The sources of a day; `called` is called for every row that becomes a record. */
export function sourcesOf(
  rows: Rows,
  how: { readonly format?: Format; readonly called?: () => void } = {},
): DirectorySources {
  const source = (entity: Entity) => {
    const objects = rows[entity].map((cells) =>
      Object.fromEntries(COLUMNS[entity].map((name, i) => [name, cells[i]])),
    );
    const inBytes = (text: string) => inPieces(Buffer.from(text), [10, 40, 41, 90, 200]);
    const flows: Record<Format, () => Flow<FlatRow>> = {
      CSV: () => {
        const lines = [COLUMNS[entity], ...rows[entity]].map((cells) => cells.join(','));
        return fromCsv(inBytes(lines.join('\n')), { name: entity });
      },
      'JSON lines': () => {
        const lines = objects.map((object) => JSON.stringify(object));
        return fromJsonLines(inBytes(lines.join('\n')), { name: entity });
      },
    };
    const flow = flows[how.format ?? 'CSV']();
    const toRecord = MAPPINGS[entity] as (row: FlatRow) => never;
    const counted = (row: FlatRow) => {
      how.called?.();
      return toRecord(row);
    };
    return pipe(flow, map(withMapping(counted, mappingOf(toRecord) as MappingOf)));
  };
  return { users: source('users'), groups: source('groups'), memberships: source('memberships') };
}

/** All that a directory differs by, and all that is reported of it. */
export async function changesOf(sources: DirectorySources, state: StateStore, screening = true) {
  const context = new RunContext();
  const rejections: Rejection[] = [];
  context.onReject((rejection) => rejections.push(rejection));
  const changes: Change[] = [];
  for await (const change of directoryChanges({ ...sources, screening }, state, silent, context))
    changes.push(change);
  const entities = ['users', 'groups', 'memberships'];
  return {
    changes,
    reports: sourceReports(sources, context),
    rejections: rejections.toSorted(
      (a, b) => entities.indexOf(a.entity) - entities.indexOf(b.entity) || a.position - b.position,
    ),
  };
}

/** Empties the baseline. */
export async function forget(state: StateStore): Promise<void> {
  for (const entity of ['users', 'groups', 'memberships'] as const)
    for await (const rows of state.rows(entity)) await state.adopt(rows.map(({ key }) => gone(entity, key)));
}

/** Makes the changes part of the baseline. */
export async function commit(state: StateStore, changes: readonly Change[]): Promise<void> {
  await state.adopt(changes.map(adopted));
}
