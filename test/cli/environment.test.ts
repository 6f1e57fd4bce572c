import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/cli/process/environment.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

describe('the environment', () => {
  it('gives a value itself or by a file, without the white space around it', async () => {
    const cwd = await directory();
    await files(cwd, { secret: '\uFEFF canary\r\n' });
    expect(await readEnvironment({ A: ' x ' }, 'A')).toBe('x');
    expect(await readEnvironment({ A_FILE: join(cwd, 'secret') }, 'A')).toBe('canary');
    expect(await readEnvironment({ A: '', A_FILE: '' }, 'A')).toBeUndefined();
    expect(await readEnvironment({}, 'A')).toBeUndefined();
  });

  it('refuses both, an empty file and one that is not there, and quotes no value', async () => {
    const cwd = await directory();
    await files(cwd, { empty: '\n' });
    await expect(readEnvironment({ A: 'canary', A_FILE: 'x' }, 'A')).rejects.toThrow(
      /^A_FILE: set either this or A, not both$/,
    );
    await expect(readEnvironment({ A_FILE: join(cwd, 'empty') }, 'A')).rejects.toThrow(
      'A_FILE: the file is empty',
    );
    await expect(readEnvironment({ A_FILE: join(cwd, 'none') }, 'A')).rejects.toThrow(
      'A_FILE: the file cannot be read: ENOENT',
    );
  });

  it('can name everything that a connection takes by files', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { ...env, 'a.csv': usersCsv(3) });
    const byFile = Object.fromEntries(Object.keys(env).map((name) => [`${name}_FILE`, join(cwd, name)]));
    const ran = await cli(cwd, ['sync', '--users', 'a.csv', ...QUICK], { env: byFile });
    expect(ran.code).toBe(0);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it.each([
    [[], 'OKTA_CLIENT_ORGURL', '--org-url: not set; use --org-url, set OKTA_CLIENT_ORGURL, or set orgUrl'],
    [
      [],
      'OKTA_IDENTITY_SOURCE_ID',
      '--identity-source: not set; use --identity-source, set OKTA_IDENTITY_SOURCE_ID',
    ],
    [[], 'OKTA_CLIENT_TOKEN', 'OKTA_CLIENT_TOKEN'],
  ])('says what is missing', async (flags, name, message) => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'a.csv': usersCsv(3) });
    const { [name]: _gone, ...env } = envOf(okta);
    const ran = await cli(cwd, ['sync', '--users', 'a.csv', ...flags], { env });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(message);
    expect(ran.out).toBe('');
  });
});

describe('precedence', () => {
  it('is flag, environment, config file', async () => {
    const [cwd, first, second, third] = [await directory(), await org(), await org(), await org()];
    const source = { identitySource: third.identitySourceId };
    await files(cwd, {
      'a.csv': usersCsv(3),
      'rollcall.config.json': JSON.stringify({ orgUrl: first.url, users: 'a.csv', ...source }),
      'other.json': JSON.stringify({ orgUrl: first.url, users: 'a.csv' }),
    });
    const token = { OKTA_CLIENT_TOKEN: first.token };
    const ask = (argv: string[], env: Record<string, string>) => cli(cwd, ['status', ...argv], { env });
    // The config file alone: it is found by its usual name.
    expect((await ask([], token)).code).not.toBe(2);
    expect([first, second, third].map((o) => o.requests.length > 0)).toEqual([true, false, false]);
    // The environment goes over it.
    await ask([], { ...token, OKTA_CLIENT_ORGURL: second.url });
    expect([second, third].map((o) => o.requests.length > 0)).toEqual([true, false]);
    // A flag goes over both.
    const known = await ask(['--org-url', third.url], {
      OKTA_CLIENT_TOKEN: third.token,
      OKTA_CLIENT_ORGURL: second.url,
    });
    expect(known.code).toBe(0);
    expect(third.requests.length).toBeGreaterThan(0);
    // A named config file stands in for the usual one: it names no source, so Okta is not asked.
    const asked = first.requests.length;
    expect((await ask(['--config', 'other.json'], token)).out).toContain('not checked');
    expect(first.requests.length).toBe(asked);
  });

  it('lets a flag turn off what the config file turns on', async () => {
    const cwd = await directory();
    await files(cwd, {
      'none.csv': usersCsv(0),
      'some.csv': usersCsv(3),
      'rollcall.config.json': JSON.stringify({ allowEmpty: true, mixed: true }),
    });
    const okta = await org();
    expect((await cli(cwd, ['sync', '--users', 'some.csv', ...QUICK], { env: envOf(okta) })).code).toBe(0);
    expect((await cli(cwd, ['plan', '--users', 'none.csv', '--no-allow-empty', '--no-mixed'])).code).toBe(3);
    expect((await cli(cwd, ['plan', '--users', 'none.csv'])).code).toBe(0);
  });
});
