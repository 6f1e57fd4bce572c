import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg } from '../support/world.js';

const user = (id: string, nickName: string | undefined, title: string) => ({
  externalId: id,
  profile: { userName: id, email: `${id}@example.com`, title, ...(nickName !== undefined && { nickName }) },
});
const onCreate = { users: ['nickName'] };
const guard = { maxUpdatePercent: 100 };

function started() {
  const org = makeOrg();
  const state = memoryState();
  const run = (users: readonly ReturnType<typeof user>[], options: Partial<SyncOptions> = {}) =>
    inVirtualTime(() => sync({ okta: clientOf(org), state, users, onCreate, guard, ...options }));
  const nick = (id: string) => held(org).users[id]?.['nickName'];
  return { org, state, run, nick };
}

describe('attributes that are sent at the creation only', () => {
  it('are sent once, and are neither an update nor cleared later', async () => {
    const { run, nick } = started();
    await run([user('a', 'Al', 'x'), user('b', 'Bo', 'x')]);
    expect([nick('a'), nick('b')]).toEqual(['Al', 'Bo']);
    const changed = await run([user('a', 'Alan', 'x'), user('b', 'Bob', 'y')]);
    expect(changed.sources.users).toMatchObject({ unchanged: 1, updates: 1 });
    expect([nick('a'), nick('b')]).toEqual(['Al', 'Bo']);
    const gone = await run([user('a', undefined, 'z'), user('b', undefined, 'y')]);
    expect(gone.sources.users).toMatchObject({ unchanged: 1, updates: 1 });
    expect([nick('a'), nick('b')]).toEqual(['Al', 'Bo']);
  });

  it('are sent again with a resend, which creates the person again', async () => {
    const { run, nick } = started();
    await run([user('a', 'Al', 'x')]);
    const report = await run([user('a', 'Alan', 'x')], { resend: ['a'] });
    expect(report.sources.users).toMatchObject({ resends: 1 });
    expect(nick('a')).toBe('Alan');
  });

  it('belong to Okta from the day on which they become such, without being cleared', async () => {
    const { run, nick } = started();
    await run([user('a', 'Al', 'x')], { onCreate: {} });
    const report = await run([user('a', 'Alan', 'x')]);
    expect(report.sources.users).toMatchObject({ updates: 1 });
    expect(nick('a')).toBe('Al');
    expect((await run([user('a', 'Alan', 'x')])).sources.users).toMatchObject({ unchanged: 1 });
  });

  it.each([
    [{ users: ['email'] }, 'email is needed in every upsert of users'],
    [{ user: ['x'] }, 'user'],
  ])('are refused: %o', async (wrong, message) => {
    await expect(plan({ state: memoryState(), users: [], onCreate: wrong as never })).rejects.toThrow(
      message,
    );
  });
});
