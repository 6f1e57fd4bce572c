import { describe, expect, it } from 'vitest';
import { batch, createClient, type Valid, diff, openState, pipe, unguarded, upload } from 'rollcall';
import { cli, clock, directory, envOf, files, org, QUICK } from '../cli/support.js';
import { join } from 'node:path';

const OLD = 'jose\u0301';
const NEW = OLD.normalize('NFC');
const ESCAPED = 'jose\\u0301';

const HEADER = 'externalId,userName,email,title\n';
const row = (id: string, title = '') =>
  `${id},${id.normalize('NFKD').charAt(0)}@x.example,a@x.example,${title}\n`;
const mapping = (more: object) =>
  JSON.stringify({
    users: {
      externalId: { column: 'externalId', ...more },
      profile: { userName: 'userName', email: 'email', title: { cel: 'row.title' } },
    },
  });

/** A directory whose state was made by a version that did not check the form of ids, with these ids. */
async function olderState(...ids: readonly string[]) {
  const [cwd, held] = [await directory(), await org()];
  {
    await using state = await openState(join(cwd, 'rollcall-state'));
    const okta = createClient({
      orgUrl: held.url,
      identitySourceId: held.identitySourceId,
      auth: { token: held.token },
      clock,
    });
    const users = ids.map((externalId) => ({
      externalId,
      profile: { userName: `${externalId.charAt(0)}@x.example`, email: 'a@x.example', title: null },
    }));
    await pipe(
      users as unknown as readonly Valid<'users'>[],
      diff('users', state),
      unguarded(),
      batch(),
      upload(okta, state, { cooldownMs: 1, pollIntervalMs: 1, clock }),
    );
  }
  const run = async (command: string, csv: string, map: object = {}, ...flags: readonly string[]) => {
    await files(cwd, { 'u.csv': HEADER + csv, 'm.json': mapping(map) });
    const more = command === 'sync' ? QUICK : [];
    const env = envOf(held);
    return cli(cwd, [command, '--users', 'u.csv', '--map', 'm.json', ...more, ...flags], { env });
  };
  const ids_ = () => [...held.directory().users.keys()].sort();
  return { run, ids: ids_, active: () => held.directory().activeUsers };
}

describe('an id that is not in the form NFC', () => {
  it('is rejected with the code point and the remedy, and deletes nobody, in every entity', async () => {
    const [cwd, held] = [await directory(), await org()];
    await files(cwd, {
      'u.csv': HEADER + row(NEW) + row('ann'),
      'g.csv': `externalId,displayName\n${NEW},One\nred,Red\n`,
      'm.csv': `groupExternalId,memberExternalId\n${NEW},ann\nred,${NEW}\n`,
    });
    const flags = ['--users', 'u.csv', '--groups', 'g.csv', '--memberships', 'm.csv'];
    const run = async (...more: readonly string[]) =>
      cli(cwd, ['sync', ...flags, ...QUICK, ...more], { env: envOf(held) });
    expect((await run()).code).toBe(0);
    const found = held.directory();
    expect([found.users.size, found.groups.size]).toEqual([2, 2]);

    await files(cwd, {
      'u.csv': HEADER + row(OLD) + row('ann'),
      'g.csv': `externalId,displayName\n${OLD},One\nred,Red\n`,
      'm.csv': `groupExternalId,memberExternalId\n${OLD},ann\nred,${OLD}\n`,
    });
    const { code, out } = await run();
    expect(code).toBe(5);
    for (const field of ['externalId', 'groupExternalId', 'memberExternalId'])
      expect(out).toContain(`${field} contains \\u0301, an accent that is a code point of its own`);
    expect(out).toContain('("normalize": "NFC" in the mapping mends it) [NOT_NORMALIZED]');
    for (const entity of ['users', 'groups']) expect(out).toContain(`1 deletion of ${entity} held back`);
    expect(out).toContain('2 deletions of memberships held back');
    expect(held.directory().activeUsers).toBe(2);
  });

  it('keeps its person in a state that has it already, and all others', async () => {
    const { run, ids, active } = await olderState(OLD, 'ann', 'bob');
    const { code, out } = await run('sync', row(OLD, 'changed') + row('ann'));
    expect(code).toBe(5);
    expect(out).toContain('Rejected before sending (1)');
    expect(out).toContain('externalId contains \\u0301');
    expect(out).toContain('2 deletions of users held back');
    expect([ids(), active()]).toEqual([['ann', 'bob', OLD].sort(), 3]);
  });

  it('becomes another id with normalize, which the plan names, and the guard counts', async () => {
    const { run, ids, active } = await olderState(OLD, 'ann');
    const normalize = { normalize: 'NFC' };
    const plan = await run('plan', row(OLD) + row('ann'), normalize);
    expect(plan.out).toContain(`"${ESCAPED}" as ${NEW}, which differs only in the form of Unicode`);
    const json = await run('plan', row(OLD) + row('ann'), normalize, '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      plan: { idChanges: { count: 1, examples: [{ from: OLD, to: NEW, onlyIn: ['the form of Unicode'] }] } },
    });
    const limited = await run('sync', row(OLD) + row('ann'), normalize, '--max-id-changes', '0');
    expect([limited.code, active()]).toEqual([3, 2]);
    expect((await run('sync', row(OLD) + row('ann'), normalize)).code).toBe(0);
    expect(ids().includes(NEW)).toBe(true);
    expect(active()).toBe(2);
    const again = await run('sync', row(OLD) + row('ann'), normalize);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('nothing was sent')]);
  });
});
