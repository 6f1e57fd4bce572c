import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killOnce, type KillPlace } from '../kill/kill-once.js';
import { POINTS } from '../kill/points.js';
import { compiled } from '../support/compiled.js';
import { describeWith, POSTGRES, postgres, postgresPrograms, uniqueName, urlOf } from './available.js';
import { startPostgres, type OwnPostgres } from './own-postgres.js';
import { cut } from './postgres-store.js';

const [service, programs] = [await postgres(), await postgresPrograms()];
/** The other steps at which a connection ends are those of postgres-cut.test.ts, which needs no process for them. */
const BEFORE_WRITES = POINTS.filter(({ at }) => at.startsWith('before journal.'));
/** Before the first load, after a load whose answer is not written yet, before the import, and before the commit. */
const CRASHES = [
  'before journal.loading 1',
  'before journal.loaded 2',
  'before okta.startImport 1',
  'before journal.settle 1',
];

const CHILD = compiled('test/kill/child.ts');

const asCases = (points: typeof POINTS) =>
  points.map((point, i) => ({ point, at: point.at, by: point.by, seed: i + 1 }));

describeWith(service, 'a process whose state is in PostgreSQL', () => {
  const schema = uniqueName();
  const admin = new pg.Client(POSTGRES);
  beforeAll(() => admin.connect());
  afterAll(async () => {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  });

  function place(state: string, isCut: boolean): KillPlace {
    const name = uniqueName();
    const end = () => cut(admin, { name });
    return {
      address: `${urlOf(POSTGRES)}?schema=${schema}&state=${encodeURIComponent(state)}&application_name=${name}`,
      interrupt: isCut ? end : undefined,
      // The server may still have the connections of a process that is gone.
      freed: end,
      dispose: end,
    };
  }

  it.each(asCases(POINTS))(
    'killed by the $by at "$at" loses nothing and sends nothing twice',
    async ({ point, seed, at, by }) => {
      const { killedAt, faults } = await killOnce(CHILD, seed, point, place(`${by} ${at}`, false));
      expect(faults).toEqual([]);
      expect(killedAt[0]).toEqual(point);
    },
  );

  it.each(asCases(BEFORE_WRITES))(
    'whose backends are terminated at "$at" ends, loses nothing and sends nothing twice',
    async ({ point, seed, at }) => {
      const { killedAt, faults } = await killOnce(CHILD, seed, point, place(`cut ${at}`, true));
      expect(faults).toEqual([]);
      expect(killedAt[0]).toEqual(point);
    },
  );
});

describeWith(programs, 'a process whose PostgreSQL crashes', () => {
  let own: OwnPostgres;
  beforeAll(async () => void (own = await startPostgres()), 60_000);
  afterAll(() => own[Symbol.asyncDispose]());

  describe.each(CRASHES)('at "%s"', (at) => {
    it('ends, and the next run finds in the server what was committed', async () => {
      const crashing: KillPlace = {
        address: `${urlOf(own.server)}?state=${encodeURIComponent(at)}`,
        interrupt: () => own.crash(),
        freed: async () => undefined,
        dispose: async () => undefined,
      };
      // An odd seed crashes once more while the next run settles.
      const { killedAt, faults } = await killOnce(CHILD, 1, { by: 'program', at }, crashing);
      expect(faults).toEqual([]);
      expect(killedAt[0]).toEqual({ by: 'program', at });
    }, 60_000);
  });
});
