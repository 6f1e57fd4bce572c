import { expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const MAPPING = JSON.stringify({
  users: {
    externalId: 'id',
    profile: { userName: 'mail', email: 'mail' },
    when: { not: { column: 'status', equals: 'left' } },
  },
});

/** A run over twenty people who work here, and others with a status. */
async function world() {
  const cwd = await directory();
  const okta = await org();
  await files(cwd, { 'map.json': MAPPING });
  const run = async (command: string, others: number, status: string, ...more: readonly string[]) => {
    const rows = Array.from(
      { length: 20 + others },
      (_, i) => `${i},u${i}@example.com,${i < 20 ? 'here' : status}\n`,
    );
    await files(cwd, { 'u.csv': `id,mail,status\n${rows.join('')}` });
    const sending = command === 'sync' ? QUICK : [];
    return cli(cwd, [command, '--users', 'u.csv', '--map', 'map.json', ...sending, ...more], {
      env: envOf(okta),
    });
  };
  return { okta, run };
}

const TRIP =
  'a condition of the mapping left out 6 users at the last complete run, and leaves out none now (the limit is 5): did a value get another name? (--min-left-out)';
const NEAR = 'No row of the users has "left" in status, which the condition names; did you mean "Left"?';

it('a condition that left out people and leaves out none stops the run, which names the nearest value', async () => {
  const { okta, run } = await world();
  expect((await run('sync', 6, 'left')).code).toBe(0);
  for (const command of ['plan', 'sync', 'sync']) {
    const { code, out, err } = await run(command, 6, 'Left');
    expect(code).toBe(3);
    expect(out + err).toContain(TRIP);
    expect(out + err).toContain(NEAR);
  }
  expect(okta.directory().activeUsers).toBe(20);
  const planned = await run('plan', 6, 'Left');
  const [hash = ''] = /[0-9a-f]{64}/.exec(planned.out) ?? [];
  expect((await run('sync', 6, 'Left', '--approve', hash)).code).toBe(0);
  expect(okta.directory().activeUsers).toBe(26);
  // The approved run is the new measure.
  expect((await run('sync', 6, 'Left')).code).toBe(0);
});

it('a handful, fewer than before, another limit and a feed of changes do not stop the run', async () => {
  const { run } = await world();
  expect((await run('sync', 5, 'left')).code).toBe(0);
  expect((await run('sync', 5, 'here')).code).toBe(0);
  expect((await run('sync', 7, 'left')).code).toBe(0);
  expect((await run('sync', 1, 'left')).code).toBe(0);
  expect((await run('sync', 7, 'left')).code).toBe(0);
  expect((await run('sync', 0, '', '--mode', 'delta')).code).toBe(0);
  expect((await run('sync', 0, '', '--min-left-out', '6')).code).toBe(3);
  expect((await run('sync', 0, '', '--min-left-out', '7')).code).toBe(0);
});
