import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/settings/config-file.js';
import { configSchema } from '../../src/cli/settings/config-schema.js';
import { configText } from '../../src/cli/settings/config-text.js';
import { EVERY_SETTING } from './every-setting.js';
import { SETTING_KEYS } from '../../src/cli/settings/settings.js';
import { cli, directory, files, usersCsv } from './support.js';

const validate = new Ajv2020({ strict: true }).compile(configSchema());

function accepted(config: unknown): boolean {
  try {
    parseConfig(JSON.stringify(config), 'c.json');
    return true;
  } catch {
    return false;
  }
}

describe('the config file', () => {
  it('is JSON with comments and trailing commas', () => {
    const text = '\uFEFF// who\n{ "users": "a.csv", /* when */ "cooldown": "90s", "$schema": "x", }'.replace(
      '\uFEFF',
      '',
    );
    expect(parseConfig(text, 'c.json').settings).toEqual({ users: ['a.csv'], cooldown: 90_000 });
  });

  it('says limits of the guard for single entities', () => {
    const { guard } = parseConfig(
      '{"guard":{"memberships":{"maxDeletePercent":40,"allowEmpty":true}}}',
      'c.json',
    );
    expect(guard).toEqual({ memberships: { maxDeletePercent: 40, allowEmpty: true } });
  });

  it.each([
    [
      '{\n\n  "maxDeletePercnt": 5 }',
      'c.json:3: unknown key "maxDeletePercnt"; did you mean "maxDeletePercent"?',
    ],
    ['{ "USERS": "a" }', 'c.json:1: unknown key "USERS"; did you mean "users"?'],
    ['{ "zzzzzzzzzzzzzz": 1 }', 'c.json:1: unknown key "zzzzzzzzzzzzzz"; expected one of orgUrl, '],
    ['{\n "cooldown": 5 }', 'c.json:2: cooldown: expected a duration such as 5m, 90s or 250ms, got 5'],
    ['{ "cooldown": "5" }', 'c.json:1: cooldown: expected a duration'],
    ['{ "cooldown": "25h" }', 'c.json:1: cooldown: expected a duration of at most'],
    ['{ "maxDeletes": 1.5 }', 'c.json:1: maxDeletes: expected a whole number of at least 0, got 1.5'],
    ['{ "maxDeletes": "1" }', 'c.json:1: maxDeletes: expected a whole number of at least 0, got "1"'],
    ['{ "maxDeletePercent": 101 }', 'c.json:1: maxDeletePercent: expected a number from 0 to 100, got 101'],
    ['{ "users": [] }', 'c.json:1: users: expected text, or a list of texts, got an empty list'],
    ['{ "users": [1] }', 'c.json:1: users: expected text, got 1'],
    ['{ "state": " " }', 'c.json:1: state: expected text, got " "'],
    ['{ "mixed": "yes" }', 'c.json:1: mixed: expected true or false, got "yes"'],
    ['{ "format": "xml" }', 'c.json:1: format: expected one of csv, json, jsonl, xlsx, got "xml"'],
    ['{ "format": null }', 'c.json:1: format: expected one of csv, json, jsonl, xlsx, got null'],
    ['{ "format": {} }', 'c.json:1: format: expected one of csv, json, jsonl, xlsx, got an object'],
    ['{ "poll": "1s",\n "poll": "2s" }', 'c.json:2: poll is set twice'],
    ['{ "guard": { "user": {} } }', 'c.json:1: unknown key "user"; did you mean "users"?'],
    ['{ "guard": { "users": { "maxDelets": 1 } } }', 'unknown key "maxDelets"; did you mean "maxDeletes"?'],
    ['{ "guard": { "users": 5 } }', 'c.json:1: guard.users: expected an object'],
    ['{ "minPopulation": 5 }', 'c.json:1: minPopulation was replaced by minDeletes and minUpdates'],
    ['{ "guard": 5 }', 'c.json:1: guard: expected an object'],
    ['[]', 'c.json:1: expected an object'],
    ['', 'c.json:1: not valid JSON'],
    ['{\n "users": ', 'c.json:2: not valid JSON: ValueExpected'],
  ])('refuses %s', (text, message) => {
    expect(() => parseConfig(text, 'c.json')).toThrow(message);
  });

  it.each(['token', 'apiToken', 'api_token', 'privateKey', 'private_key', 'clientSecret', 'password'])(
    'refuses the secret %s and says where it belongs, without quoting it',
    (key) => {
      const config = () => parseConfig(JSON.stringify({ [key]: 'canary-42' }), 'c.json');
      expect(config).toThrow(/a config file must not contain secrets; set OKTA_CLIENT_TOKEN/);
      expect(config).not.toThrow(/canary/);
    },
  );

  it('has a published schema that is the one made from the settings', () => {
    const published = readFileSync(
      new URL('../../src/cli/settings/config-schema.json', import.meta.url),
      'utf8',
    );
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(configSchema())));
  });

  it('is taken exactly where the schema takes it', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        '5m',
        '90s',
        '250ms',
        '5',
        '1e3s',
        'csv',
        'jsonl',
        'fail',
        'reject',
        'cancel',
        '',
        ' ',
        'x',
      ),
      fc.constantFrom<unknown>(0, 1, 20, 50.5, 100, 101, -1, 75, 76, 0.5, 1e21),
      fc.constantFrom<unknown>(true, false, null, {}, [], ['a.csv'], ['a', ''], [1]),
    );
    const flat = fc.dictionary(fc.constantFrom(...SETTING_KEYS, '$schema', 'zzz'), value, { maxKeys: 3 });
    const guard = fc.dictionary(
      fc.constantFrom('users', 'groups', 'memberships', 'zzz'),
      fc.oneof(
        fc.dictionary(fc.constantFrom('maxDeletes', 'maxDeletePercent', 'allowEmpty', 'state'), value, {
          maxKeys: 2,
        }),
        value,
      ),
      { maxKeys: 2 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          flat,
          guard.map((g) => ({ guard: g })),
        ),
        (config) => {
          // The schema has no way to say the longest and shortest time span, nor what $schema may be but text.
          fc.pre(
            !Object.values(config).includes('zzz') &&
              typeof (config as { $schema?: unknown }).$schema !== 'number',
          );
          if ('$schema' in config && typeof config.$schema !== 'string') return;
          expect(accepted(config)).toBe(validate(config));
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
  });

  it('can have every setting', () => {
    const { settings } = parseConfig(JSON.stringify(EVERY_SETTING), 'c.json');
    expect(Object.keys(settings).sort()).toEqual([...SETTING_KEYS].sort());
    expect(validate(EVERY_SETTING)).toBe(true);
  });

  it('is written by init with what users decide, and works once its comments are taken for settings', () => {
    const text = configText({ users: 'people.csv' });
    expect(parseConfig(text, 'c.json').settings).toEqual({ users: ['people.csv'] });
    expect(text.match(/\/\/ /g)?.length).toBeLessThan(70);
    const all = text.replace(/^ {2}\/\/ (".*)$/gm, '  $1');
    const parsed = parseConfig(all, 'c.json');
    expect(Object.keys(parsed.settings)).toEqual(
      expect.arrayContaining(['expectRows', 'maxDeletePercent', 'orgUrl', 'protect']),
    );
    expect(parsed.guard.memberships).toBeDefined();
    expect(validate(parse(all, [], { allowTrailingComma: true }))).toBe(true);
  });

  it('cannot be read: usage', async () => {
    const cwd = await directory();
    const ran = await cli(cwd, ['plan', '--config', 'none.json']);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('none.json cannot be read: ENOENT');
  });

  it('names paths and globs relative to itself', async () => {
    const cwd = await directory();
    await mkdir(`${cwd}/in [1]`);
    await files(cwd, {
      'in [1]/a.csv': usersCsv(2),
      'in [1]/b.csv': usersCsv(3, '', 2),
      'in [1]/c.json': JSON.stringify({ users: '*.csv', state: 's' }),
    });
    const ran = await cli(cwd, ['plan', '--config', 'in [1]/c.json', '--json']);
    expect(ran.err).toBe('');
    expect(JSON.parse(ran.out)).toMatchObject({ plan: { sources: { users: { read: 3 } } } });
    expect(existsSync(`${cwd}/in [1]/s/state.mdb`)).toBe(true);
  });
});
