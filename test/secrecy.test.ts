import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  fromJsonLines,
  openState,
  sync,
  type SyncEvent,
  type UserRecord,
} from '../src/index.js';
import { startOrg } from '../src/simulator/index.js';

const CANARY = 'canary-7391';
const TOKEN = 'tokencanary00000000000000000000000000000042';

describe('secrecy', () => {
  it('no token and no profile value is in any event, error, report or byte of the state', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-secrecy-'));
    let loads = 0;
    const org = await startOrg({
      token: TOKEN,
      cooldownMs: 1,
      importMs: 1,
      refuseItem: (item) => item.externalId === 'u3',
      fault: ({ path }) => (path.includes('/bulk-') && ++loads === 2 ? { kind: 'html' } : undefined),
    });
    const okta = createClient({
      orgUrl: org.url,
      identitySourceId: org.identitySourceId,
      auth: { token: TOKEN },
    });
    const state = await openState(join(directory, 'state'));
    const user = (i: number) => ({
      externalId: `u${i}`,
      profile: { userName: `${CANARY}-${i}`, email: `${CANARY}@${i}.example`, title: CANARY },
    });
    const users = [
      ...Array.from({ length: 500 }, (_, i) => user(i)),
      { externalId: 'bad', profile: { userName: `${CANARY}😀`, email: 'x' } },
    ];
    const told: unknown[] = [];
    const onEvent = (event: SyncEvent) => told.push(event);
    told.push(await sync({ okta, state, users, cooldownMs: 1, pollIntervalMs: 1, onEvent }));
    // Failed runs too: a tripped guard, a wrong token, a source that fails.
    const badToken = createClient({
      orgUrl: org.url,
      identitySourceId: org.identitySourceId,
      auth: { token: `${TOKEN}x` },
    });
    for (const failing of [
      { okta, users: users.slice(0, 3) },
      { okta: badToken, users: [...users.slice(0, 490), user(900)] },
      {
        okta,
        users: fromJsonLines([
          `{"externalId":"u1","profile":{"userName":"${CANARY}`,
        ]) as AsyncIterable<UserRecord>,
      },
    ]) {
      told.push(
        await sync({ state, onEvent, ...failing }).then(
          () => expect.fail('it should fail'),
          (error: unknown) => error,
        ),
      );
    }
    await badToken.close();
    const text =
      told
        .map((item) => inspect(item, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(item))
        .join('\n') + inspect(okta, { depth: 20, showHidden: true });
    for (const secret of [CANARY, TOKEN]) expect(text.includes(secret), secret).toBe(false);
    await state.close();
    for (const name of await readdir(join(directory, 'state'))) {
      const bytes = await readFile(join(directory, 'state', name));
      for (const secret of [CANARY, TOKEN]) expect(bytes.includes(secret), `${name}: ${secret}`).toBe(false);
    }
    await okta.close();
    await org.close();
    await rm(directory, { recursive: true });
  });
});
