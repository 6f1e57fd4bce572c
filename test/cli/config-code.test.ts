import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { codeValue } from '../../src/cli/settings/config-value.js';
import { readConfigValues } from '../../src/cli/settings/read-config.js';
import { settingsType } from '../../src/cli/settings/settings-type.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

const CONFIG = 'rollcall.config.mjs';
const person = (id: string) =>
  `{ externalId: '${id}', profile: { userName: '${id}@example.com', email: '${id}@example.com', firstName: 'A', lastName: 'B' } }`;
const row = (id: string, team: string) => `{ id: '${id}', mail: '${id}@example.com', team: '${team}' }`;
const MAP = `{
  users: { externalId: 'id', profile: { userName: 'mail', email: 'mail', firstName: 'team', lastName: 'team' } },
  memberships: { from: 'users', groups: { column: 'team' } },
  groups: { from: 'memberships' },
}`;

async function withConfig(text: string): Promise<string> {
  const cwd = await directory();
  await files(cwd, { [CONFIG]: text });
  return cwd;
}

describe('a config in code', () => {
  it.each([
    ['a function with a generator', `async function* () { yield ${person('1')}; yield ${person('2')}; }`],
    ['a function that returns a promise', `async () => [${person('1')}, ${person('2')}]`],
    ['an array', `[${person('1')}, ${person('2')}]`],
    ['an async iterable', `(async function* () { yield ${person('1')}; yield ${person('2')}; })()`],
    [
      'an Observable',
      `{ subscribe(to) { to.next(${person('1')}); to.next(${person('2')}); to.complete(); return { unsubscribe() {} }; } }`,
    ],
  ])('sends the records of %s, and changes nothing the second time', async (_what, users) => {
    const okta = await org();
    const cwd = await withConfig(`export default { users: ${users}, requireState: false };`);
    const first = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect(first).toMatchObject({ code: EXIT.DONE });
    expect([...okta.directory(okta.identitySourceId).users.keys()].sort()).toEqual(['1', '2']);
    if (!users.startsWith('(')) {
      const second = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
      expect(second.code).toBe(EXIT.DONE);
      expect(second.out).toMatch(/users +2 +2 +0 +0 +0 +0/);
    }
  });

  it('has the mapping in it, and serves every command', async () => {
    const okta = await org();
    const env = envOf(okta);
    const cwd = await withConfig(
      `export default { users: () => [${row('1', 'eng')}, ${row('2', 'ops')}], map: ${MAP}, cooldown: '1ms', poll: '1ms' };`,
    );
    expect((await cli(cwd, ['plan'], { env })).out).toContain('users           2');
    expect((await cli(cwd, ['sync'], { env })).code).toBe(EXIT.DONE);
    expect(okta.directory(okta.identitySourceId).groups.size).toBe(2);
    const check = await cli(cwd, ['check'], { env });
    expect(check.out).toMatch(/^ok +mapping .*rollcall\.config\.mjs: map$/m);
    expect(check.out).toContain('2 records');
    expect((await cli(cwd, ['explain', '1'], { env })).out).toContain('the same as Okta confirmed');
    expect((await cli(cwd, ['verify', '--sources'], { env })).code).toBe(EXIT.DONE);
    expect((await cli(cwd, ['status'], { env })).code).toBe(EXIT.DONE);
  });

  it('says that an iterable cannot be read twice, before anything is read', async () => {
    const cwd = await withConfig(
      `async function* users() { throw new Error('it was read'); }\nexport default { users: users(), map: ${MAP} };`,
    );
    const { code, err } = await cli(cwd, ['plan']);
    expect(code).toBe(EXIT.USAGE);
    expect(err).toContain('users: the config has an iterable, which can be read only once');
    expect(err).toContain('users: () => ...');
    const array = await withConfig(`export default { users: [${row('1', 'eng')}], map: ${MAP} };`);
    expect((await cli(array, ['plan'])).code).toBe(EXIT.DONE);
  });

  it('fails if two reads of one run have different rows, and not if they have another order', async () => {
    const okta = await org();
    const cwd = await withConfig(
      `let n = 0;\nexport default { users: () => [${row('1', 'eng')}, { ...${row('2', 'ops')}, team: 'ops' + n++ }], map: ${MAP} };`,
    );
    const { code, err } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect(code).toBe(EXIT.FAILED);
    expect(err).toContain('users (config): two reads of this run had different rows');
    expect(okta.directory(okta.identitySourceId).users.size).toBe(0);
    const turned = await withConfig(
      `const rows = [${row('1', 'eng')}, ${row('2', 'ops')}];\nexport default { users: () => rows.reverse(), map: ${MAP} };`,
    );
    expect((await cli(turned, ['plan'])).code).toBe(EXIT.DONE);
  });

  it('deletes nobody and shows no value if its source fails in the middle', async () => {
    const okta = await org();
    const env = envOf(okta);
    const good = `export default { users: () => [${person('1')}, ${person('2')}] };`;
    const cwd = await withConfig(good);
    expect((await cli(cwd, ['sync', ...QUICK], { env })).code).toBe(EXIT.DONE);
    const bad = `export default { users: async function* () {\n yield ${person('1')};\n throw new Error('postgres://me:hidden@db'); } };`;
    await files(cwd, { 'bad.mjs': bad });
    const { code, err } = await cli(cwd, ['sync', '--config', 'bad.mjs', ...QUICK], { env });
    expect(code).toBe(EXIT.FAILED);
    expect(err).toMatch(/users \(config\): the source of the config file failed, .*: Error \(.*bad\.mjs:3\)/);
    expect(err).not.toContain('hidden');
    expect(okta.directory(okta.identitySourceId).users.size).toBe(2);
  });

  it('keeps the people whom its source rejects', async () => {
    const okta = await org();
    const env = envOf(okta);
    const cwd = await withConfig(`export default { users: () => [${person('1')}, ${person('2')}] };`);
    expect((await cli(cwd, ['sync', ...QUICK], { env })).code).toBe(EXIT.DONE);
    const refusing = `import { refusedRecord, pipe, validate } from 'rollcall';
      const bad = refusedRecord({ key: '2', field: undefined, code: 'NOT_MAPPED', reason: 'has no manager' });
      export default { users: () => pipe([${person('1')}, bad], validate('users')) };`;
    await files(cwd, { 'refusing.mjs': refusing });
    const plan = await cli(cwd, ['plan', '--config', 'refusing.mjs', '--max-deletes', '0'], { env });
    expect(plan.out).toMatch(/users +2 +1 +0 +0 +0 +1/);
    expect(plan.code).toBe(EXIT.DONE);
  });

  it('is stopped by the signal that its function gets', async () => {
    const cwd = await withConfig(
      `export default { users: async ({ signal }) => { if (!(signal instanceof AbortSignal)) throw new TypeError('no signal'); return [${person('1')}]; } };`,
    );
    expect((await cli(cwd, ['plan'])).code).toBe(EXIT.DONE);
  });

  it('gives way to flags, and has paths relative to itself', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3), 'a.mjs': "export default { users: 'u.csv' };" });
    expect((await cli(cwd, ['plan', '--config', 'a.mjs'])).out).toMatch(/users +3 /);
    await files(cwd, { 'b.mjs': `export default { users: () => [${person('1')}] };` });
    expect((await cli(cwd, ['plan', '--config', 'b.mjs', '--users', 'u.csv'])).out).toMatch(/users +3 /);
  });

  it('is not chosen by guess', async () => {
    const cwd = await withConfig('export default {};');
    await files(cwd, { 'rollcall.config.json': '{}' });
    const { code, err } = await cli(cwd, ['plan']);
    expect(code).toBe(EXIT.USAGE);
    expect(err).toContain('there are rollcall.config.json and rollcall.config.mjs; remove one');
  });

  it.each([
    ['export default { maxDelets: 1 };', `${CONFIG}: unknown key "maxDelets"; did you mean "maxDeletes"?`],
    ['export default { cooldown: 5 };', `${CONFIG}: cooldown: expected a duration such as 5m`],
    [
      'export default { guard: { users: { maxDeletes: -1 } } };',
      `${CONFIG}: guard.users: maxDeletes: expected a whole number of at least 0`,
    ],
    [
      'export default { guard: { user: {} } };',
      `${CONFIG}: guard: unknown key "user"; did you mean "users"?`,
    ],
    ['export default { token: "hidden" };', `${CONFIG}: token: a config file must not contain secrets`],
    ['export default { users: 5 };', `${CONFIG}: users: expected text`],
    ['export default { users: {} };', `${CONFIG}: users: expected an object with one of`],
    ['export default { users: Promise.resolve([]) };', `${CONFIG}: users: expected`],
    [
      'export default { users: () => 5 };',
      'users (config): the function of the config file returned nothing',
    ],
    [
      'export default { users: () => undefined };',
      'users (config): the function of the config file returned',
    ],
    ['export default 5;', `${CONFIG}: has no config as its default export`],
    ['export const config = {};', `${CONFIG}: has no config as its default export`],
    ['\nthrow new Error("hidden");', `${CONFIG}: cannot be loaded: Error (`],
    ['JSON.parse("hidden");', `${CONFIG}: cannot be loaded: SyntaxError (`],
    ['import "no-such-package"; export default {};', `${CONFIG}: cannot be loaded: Error`],
    [
      `export default { users: [{}], map: { users: { externalId: 'id', profile: { userName: () => 'hidden' } } } };`,
      `${CONFIG}: map: userName: a function cannot be in a mapping`,
    ],
    [
      `export default { users: [{}], map: { users: { externalId: 'id', profil: {} } } };`,
      `${CONFIG}: map: users: unknown key "profil"; did you mean "profile"?`,
    ],
    [
      `export default Object.defineProperty({}, Symbol.for('rollcall.config'), { value: 1 });`,
      `${CONFIG}: it imports another copy of rollcall than this command`,
    ],
    [`export default { users: [{ id: 1 }] };`, 'users (config): no record has the property "externalId"'],
  ])('refuses %s, names the property, and shows no value', async (text, message) => {
    const { code, err } = await cli(await withConfig(text), ['plan']);
    expect(code === EXIT.USAGE || code === EXIT.FAILED, err).toBe(true);
    expect(err).toContain(message);
    expect(err).not.toContain('hidden');
  });

  it('names the property of the mapping in a rejection', async () => {
    const cwd = await withConfig(
      `export default { users: () => [${row('', 'eng')}, ${row('2', 'ops')}], map: ${MAP} };`,
    );
    const { out } = await cli(cwd, ['plan', '--max-reject-percent', '100']);
    expect(out).toContain(`${CONFIG}: map.users.externalId)`);
  });

  it('refuses a flow of another copy of rollcall, whose rejected records would be lost', async () => {
    const cwd = await withConfig(
      `export default { users: () => ({ [Symbol.for('rollcall.flow')]: true, async *[Symbol.asyncIterator]() {} }) };`,
    );
    const { code, err } = await cli(cwd, ['plan']);
    expect(code).toBe(EXIT.USAGE);
    expect(err).toContain('this flow is from another copy of rollcall');
  });

  it('in TypeScript needs Node that strips types, or tsx', async () => {
    const cwd = await directory();
    await files(cwd, { 'rollcall.config.ts': `export default { users: (): object[] => [${person('1')}] };` });
    const ran = await cli(cwd, ['plan']);
    if ((process.features as { typescript?: unknown }).typescript !== undefined) {
      expect(ran.code).toBe(EXIT.DONE);
      return;
    }
    expect(ran.code).toBe(EXIT.USAGE);
    expect(ran.err).toContain(`rollcall.config.ts: Node ${process.versions.node} does not read TypeScript`);
    expect(ran.err).toContain('npm install --save-dev tsx');
  });

  it('has the same settings as the config file in JSON', () => {
    const { settings } = readConfigValues(
      codeValue({ orgUrl: undefined, users: ['a.csv', 'b.csv'], cooldown: '90s', protect: 'x' }, 'c.ts'),
      'c.ts',
      true,
    );
    expect(settings).toEqual({ users: ['a.csv', 'b.csv'], cooldown: 90_000, protect: ['x'] });
  });

  it('has types made from the table of settings (UPDATE_DOCS=1 writes them anew)', async () => {
    const file = fileURLToPath(new URL('../../src/cli/settings/written-settings.ts', import.meta.url));
    const made = await format(settingsType(), { ...(await resolveConfig(file)), filepath: file });
    if (process.env['UPDATE_DOCS']) await writeFile(file, made);
    expect(made).toBe(await readFile(file, 'utf8'));
  });

  it('is found with its file', async () => {
    const cwd = await directory();
    const { code, err } = await cli(cwd, ['plan', '--config', join(cwd, 'none.mjs')]);
    expect(code).toBe(EXIT.USAGE);
    expect(err).toContain('none.mjs cannot be read: ENOENT');
  });
});
