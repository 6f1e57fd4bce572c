import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mappingOf, withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { screeningFor } from '../../src/screening/screening.js';
import { diff } from '../../src/diff/diff.js';
import { pipe } from '../../src/flow/pipe.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { groupFrom, membershipFrom, userFrom } from '../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import { replaceBaseline, runOf, withState, type Way } from '../support/two-ways.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const rows = (header: string, count: number, row: (i: number) => string) =>
  Buffer.from([header, ...Array.from({ length: count }, (_, i) => row(i))].join('\n'));
const USERS: Way<'users'> = {
  entity: 'users',
  toRecord: userFrom({ externalId: 'id', profile: { nickName: 'nick' } }),
  validate: { required: [] },
};
const users = rows('id,nick', 20_000, (i) => `u${i},x`);
const userRecords = Array.from({ length: 20_000 }, (_, i) => USERS.toRecord({ id: `u${i}`, nick: 'x' }));

describe('screening', () => {
  it('is on unless the option or the environment turns it off', () => {
    expect(screeningFor()).toBeDefined();
    expect(screeningFor(true)).toBeDefined();
    expect(screeningFor(false)).toBeUndefined();
    vi.stubEnv('ROLLCALL_SCREENING', 'on');
    expect(screeningFor()).toBeDefined();
    vi.stubEnv('ROLLCALL_SCREENING', 'off');
    expect(screeningFor()).toBeUndefined();
    expect(screeningFor(true)).toBeUndefined();
  });

  it('leaves no row out where it is off', async () => {
    let records = 0;
    const counting = withMapping(
      (row: FlatRow) => {
        records++;
        return USERS.toRecord(row);
      },
      mappingOf(USERS.toRecord) as MappingOf,
    );
    const way = { ...USERS, toRecord: counting };
    await withState(async (state) => {
      await replaceBaseline(state, 'users', userRecords.slice(0, 3));
      const file = () => fromCsv(rows('id,nick', 3, (i) => `u${i},x`));
      await runOf(file(), way, state);
      expect(records).toBe(0);
      await runOf(file(), { ...way, diff: { screening: false } }, state);
      expect(records).toBe(3);
      vi.stubEnv('ROLLCALL_SCREENING', 'off');
      await runOf(file(), way, state);
      expect(records).toBe(6);
    });
  });
});

describe('the memory of screens', () => {
  interface Memory {
    readonly buffer: SharedArrayBuffer;
  }
  const engine = (globalThis as unknown as { readonly WebAssembly: { Memory: new () => Memory } })
    .WebAssembly;
  let made: Memory[] = [];
  const bytes = () => made.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

  beforeEach(() => {
    made = [];
    const real = engine.Memory;
    vi.spyOn(engine, 'Memory').mockImplementation(function (...size) {
      const memory = new real(...size);
      made.push(memory);
      return memory;
    });
  });

  it.each([0, 1, 2])(
    'is used again by files that are read one after another, with %i threads',
    async (threads) => {
      const groups = rows('id,name', 100, (i) => `g${i},A`);
      const pairs = rows('team,person', 100, (i) => `g${i},u${i}`);
      const toGroup = groupFrom({ externalId: 'id', profile: { displayName: 'name' } });
      const toPair = membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' });
      await withState(async (state) => {
        await replaceBaseline(state, 'users', userRecords);
        await replaceBaseline(state, 'groups', [toGroup({ id: 'g0', name: 'A' })]);
        await replaceBaseline(state, 'memberships', [toPair({ team: 'g0', person: 'u0' })]);
        const readAll = async () => {
          await runOf(fromCsv(users, { threads }), USERS, state);
          await runOf(fromCsv(groups, { threads }), { entity: 'groups', toRecord: toGroup }, state);
          await runOf(fromCsv(pairs, { threads }), { entity: 'memberships', toRecord: toPair }, state);
        };
        await readAll();
        const [first, firstBytes] = [made.length, bytes()];
        for (let run = 2; run <= 5; run++) {
          await readAll();
          // The records of each file are hashed in a memory of their own, which goes with its `diff`.
          expect(made.length).toBe(first + (run - 1) * 3);
          expect(bytes() - firstBytes).toBeLessThanOrEqual((run - 1) * 3 * (1 << 20));
        }
      });
    },
  );

  it('is used again after a file that was left, or failed', async () => {
    async function* failing() {
      yield users.subarray(0, 100_000);
      await Promise.resolve();
      throw new Error('the connection is gone');
    }
    await withState(async (state) => {
      await replaceBaseline(state, 'users', userRecords);
      const straight = await runOf(fromCsv(users, { threads: 1 }), USERS, state);
      expect(straight.note).toMatchObject({ read: 20_000, unchanged: 20_000 });
      const before = made.length;
      expect((await runOf(fromCsv(failing(), { threads: 1 }), USERS, state)).error).toBeDefined();
      const changed = rows('id,nick', 20_000, (i) => `u${i},${i === 3 ? 'y' : 'x'}`);
      const flow = pipe(
        fromCsv(changed, { threads: 1 }),
        map(USERS.toRecord),
        validate('users', USERS.validate),
      );
      for await (const change of diff('users', state)(flow)) {
        expect(change.key).toBe('u3');
        break;
      }
      expect(await runOf(fromCsv(users, { threads: 1 }), USERS, state)).toEqual(straight);
      expect(made.length - before).toBe(3);
    });
  });
});
