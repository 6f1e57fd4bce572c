import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/core/errors.js';
import { userFrom } from '../../src/transform/records-from-columns.js';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { guard } from '../../src/guard/guard.js';
import { map } from '../../src/transform/map.js';
import { pipe } from '../../src/flow/pipe.js';
import { concat } from '../../src/sources/concat.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync } from '../../src/sync/sync.js';
import { upload } from '../../src/upload/upload.js';
import { validate } from '../../src/validate/validate.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg } from '../support/world.js';

const csv = (name: string, ...ids: readonly string[]) =>
  fromCsv([Buffer.from(['id,mail', ...ids.map((id) => `${id},${id}@example.com`), ''].join('\n'))], { name });
const toRecord = userFrom({ externalId: 'id', profile: { userName: 'mail', email: 'mail' } });

/** Three files, of which the last may be missing. */
const files = (count: number) =>
  concat([csv('a.csv', '1', '2', '3'), csv('b.csv', '4', '5', '6'), csv('c.csv', '7')].slice(0, count));
const users = (count: number) => pipe(files(count), map(toRecord));

describe('concat', () => {
  it('reads its sources in order, and keeps their files and lines', async () => {
    const rejected: unknown[] = [];
    const rows = concat([csv('a.csv', '1', '2'), csv('b.csv', '', '2', '4', '5')]);
    const onReject = (rejection: object) => void rejected.push(rejection);
    await plan({ state: memoryState(), users: pipe(rows, map(toRecord)), onReject });
    expect(rejected).toMatchObject([
      { code: 'NO_EXTERNAL_ID', file: 'b.csv', line: 2, position: 3 },
      { code: 'DUPLICATE', externalId: '2', file: 'b.csv', line: 3, position: 4 },
    ]);
  });

  it('refuses to be empty', () => {
    expect(() => concat([])).toThrow(OptionsError);
  });

  it('of fewer sources than at the last complete run stops the plan, until it is approved', async () => {
    await inVirtualTime(async () => {
      const [org, state] = [makeOrg(), memoryState()];
      const okta = clientOf(org);
      await sync({ okta, state, users: users(3) });
      const planned = await plan({ state, users: users(2) });
      expect(planned.trips).toMatchObject([{ entity: 'users', rule: 'missingFiles', actual: 1, limit: 0 }]);
      await expect(sync({ okta, state, users: users(2) })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_GUARD',
      });
      expect(Object.keys(held(org).users)).toHaveLength(7);
      await sync({ okta, state, users: users(2), approve: planned.hash });
      expect((await plan({ state, users: users(2) })).trips).toEqual([]);
    });
  });

  it('is counted in a pipe of operators too', async () => {
    await inVirtualTime(async () => {
      const [org, state] = [makeOrg(), memoryState()];
      const run = (count: number) =>
        pipe(
          files(count),
          map(toRecord),
          validate('users'),
          diff('users', state),
          guard(state),
          batch(),
          upload(clientOf(org), state),
        );
      await run(3);
      await expect(run(2)).rejects.toMatchObject({ trips: [{ rule: 'missingFiles' }] });
    });
  });

  it('removes nobody whom the own stages of a source rejected', async () => {
    await inVirtualTime(async () => {
      const [org, state] = [makeOrg(), memoryState()];
      const okta = clientOf(org);
      const records = (file: ReturnType<typeof csv>) => pipe(file, map(toRecord), validate('users'));
      const both = (mail: string) => {
        const broken = fromCsv([Buffer.from(`id,mail\n4,${mail}\n`)], { name: 'b.csv' });
        return concat([records(csv('a.csv', '1', '2')), records(broken)]);
      };
      await sync({ okta, state, users: both('4@example.com') });
      const report = await sync({ okta, state, users: both('x') });
      expect(report.sources.users).toMatchObject({ read: 3, rejected: 1, deletes: 0 });
      expect(Object.keys(held(org).users)).toHaveLength(3);
    });
  });

  it('of an export and an older copy ends the run', async () => {
    const twice = concat([csv('a.csv', '1', '2', '3'), csv('old.csv', '1', '2')]);
    await expect(plan({ state: memoryState(), users: pipe(twice, map(toRecord)) })).rejects.toThrow(
      'both files hold the same users',
    );
  });
});
