import { expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { silent } from '../../src/events/events.js';
import { RunContext } from '../../src/flow/run-context.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { directoryChanges } from '../../src/sync/directory-changes.js';
import { describeWith, postgres, uniqueName } from './available.js';
import { schemaForTests } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();

/** The logins of the users who are sent, by id. Afterwards the state has them as confirmed. */
async function sent(state: StateStore, ids: readonly string[]): Promise<Record<string, string>> {
  const logins: Record<string, string> = {};
  const users = ids.map((externalId): UserRecord => ({
    externalId,
    profile: { userName: 'anna', email: `${externalId}@b.de` },
  }));
  const options = { users, uniqueLogins: true };
  for await (const chunk of directoryChanges(options, state, silent, new RunContext()).chunks()) {
    for (const { kind, key, item } of chunk)
      logins[key] = kind === 'delete' ? 'deleted' : ((JSON.parse(item) as UserRecord).profile.userName ?? '');
    await state.adopt(
      chunk.map(({ entity, key, fingerprint }) => {
        return { entity, key, held: fingerprint && { kind: 'confirmed' as const, fingerprint } };
      }),
    );
  }
  return logins;
}

describeWith(service, 'logins that are unique, in PostgreSQL', () => {
  const { pool } = schemaForTests(schema);

  it('keep their forms, whatever the order of records and whoever leaves', async () => {
    await using state = await postgresState(pool(), { schema, name: 'unique' });
    expect(await sent(state, ['a', 'b'])).toEqual({ a: 'anna', b: 'anna2' });
    expect(await sent(state, ['b', 'c', 'a'])).toEqual({ c: 'anna3' });
    expect(await sent(state, ['c', 'b'])).toEqual({ a: 'deleted' });
    expect(await sent(state, ['d', 'c', 'b'])).toEqual({ d: 'anna' });
    await state.adopt([{ entity: 'users', key: 'c', held: { kind: 'unknown' } }]);
    expect(await sent(state, ['e', 'd', 'c', 'b'])).toEqual({ c: 'anna3', e: 'anna4' });
  });
});
