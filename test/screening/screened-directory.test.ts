import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity } from '../../src/core/model.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import { sync } from '../../src/sync/sync.js';
import {
  anyDays,
  changesOf,
  COLUMNS,
  commit,
  forget,
  MAPPINGS,
  sourcesOf,
  type Format,
  type Rows,
} from '../support/directory-days.js';
import { runs } from '../support/runs.js';
import { withState } from '../support/two-ways.js';
import { clientOf, expectConverged, makeOrg, type SourceDirectory } from '../support/world.js';

describe('a directory whose unchanged rows are recognised by their bytes', () => {
  it.each<Format>(['CSV', 'JSON lines'])(
    'has the same result as without screening, with memberships of new, removed and refused users and groups: %s',
    async (format) => {
      await withState((state) =>
        fc.assert(
          fc.asyncProperty(anyDays, async ({ yesterday, today }) => {
            await forget(state);
            await commit(state, (await changesOf(sourcesOf(yesterday), state, false)).changes);
            const screened = await changesOf(sourcesOf(today, { format }), state);
            expect(screened).toEqual(await changesOf(sourcesOf(today, { format }), state, false));
          }),
          { numRuns: runs(80) },
        ),
      );
    },
  );

  it('through sync only rows that differ become records, and Okta holds the directory', async () => {
    await withState(async (state) => {
      const org = makeOrg({ cooldownMs: 1, importMs: 1 });
      const okta = clientOf(org);
      const day = (users: number, name: string): Rows => ({
        users: Array.from({ length: users }, (_, i) => [`u${i}`, `u${i}@x.example`, i === 5 ? name : 'Ann']),
        groups: [
          ['g0', 'A'],
          ['g1', name],
        ],
        memberships: Array.from({ length: users }, (_, i) => [`g${i % 2}`, `u${i}`]),
      });
      const directory = (rows: Rows): SourceDirectory => ({
        users: rows.users.map((cells) => MAPPINGS.users(rowOf('users', cells))),
        groups: rows.groups.map((cells) => MAPPINGS.groups(rowOf('groups', cells))),
        memberships: rows.memberships.map((cells) => MAPPINGS.memberships(rowOf('memberships', cells))),
      });
      const rowOf = (entity: Entity, cells: readonly string[]): FlatRow =>
        Object.fromEntries(COLUMNS[entity].map((name, i) => [name, cells[i]]));
      let records = 0;
      const run = async (rows: Rows) => {
        records = 0;
        return sync({
          okta,
          state,
          ...sourcesOf(rows, { called: () => records++ }),
          guard: { maxUpdatePercent: 100 },
          cooldownMs: 1,
          pollIntervalMs: 1,
        });
      };
      const first = day(100, 'A');
      await run(first);
      expect(records).toBe(202);
      expectConverged(org, directory(first));
      const again = await run(first);
      expect(records).toBe(0);
      expect(again.sources.users).toMatchObject({ read: 100, unchanged: 100 });
      // One user and one group changed, two users are gone, and with them their memberships.
      const second = day(98, 'B');
      const report = await run(second);
      expect(records).toBe(2);
      expect(report.sources).toMatchObject({
        users: { read: 98, unchanged: 97, updates: 1, deletes: 2 },
        groups: { read: 2, unchanged: 1, updates: 1 },
        memberships: { read: 98, unchanged: 98, deletes: 2 },
      });
      expectConverged(org, directory(second));
      await okta.close();
    });
  });
});
