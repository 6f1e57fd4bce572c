import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCredentials } from '../../src/cli/settings/credentials.js';
import type { Transport } from '../../src/okta/wire.js';
import { CLIENT_ID, jwkOf, KEYS, pemOf } from '../okta/service-app.js';
import { directTransport, makeOrg, ORG_URL, SOURCE } from '../support/world.js';
import { cli, clock, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

const PEM = pemOf(KEYS.RS256.privateKey);
const { publicKey, privateKey } = KEYS.ES256;
const JWK = JSON.stringify(jwkOf(privateKey, { kid: 'k1' }));
const SYNC = ['sync', '--users', 'u.csv', ...QUICK];

describe('credentials', () => {
  it('of a service app sign in, with DPoP, with the key itself or in a file', async () => {
    const okta = await org({
      oauth: {
        clients: [
          {
            clientId: CLIENT_ID,
            publicKeys: [jwkOf(publicKey, { kid: 'k1' }), pemOf(KEYS.RS256.publicKey, 'spki')],
          },
        ],
      },
    });
    const { OKTA_CLIENT_TOKEN: _token, ...where } = envOf(okta);
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3), key: PEM, empty: '' });
    const app = { ...where, OKTA_CLIENT_CLIENTID: CLIENT_ID };
    for (const [i, env] of [
      { ...app, OKTA_CLIENT_PRIVATEKEY: JWK, OKTA_CLIENT_DPOP: 'true' },
      { ...app, OKTA_CLIENT_PRIVATEKEY_FILE: join(cwd, 'key') },
      { ...app, OKTA_CLIENT_PRIVATEKEY: PEM.replaceAll('\n', '\\n') },
      {
        ...app,
        OKTA_CLIENT_PRIVATEKEY: JWK,
        OKTA_CLIENT_KEYID: 'k1',
        OKTA_CLIENT_SCOPES: 'okta.identitySources.read, okta.identitySources.manage',
      },
      {
        ...app,
        OKTA_CLIENT_TOKEN: 'wrong',
        OKTA_CLIENT_PRIVATEKEY: JWK,
        OKTA_CLIENT_AUTHORIZATIONMODE: 'PrivateKey',
      },
    ].entries()) {
      await files(cwd, { 'u.csv': usersCsv(3 + i) });
      const ran = await cli(cwd, SYNC, { env });
      expect(ran.err).not.toContain('rollcall:');
      expect(ran.code).toBe(0);
      expect(okta.directory().activeUsers).toBe(3 + i);
    }
    expect(okta.violations).toEqual([]);
  });

  it.each<[Record<string, string>, string]>([
    [
      { OKTA_CLIENT_CLIENTID: 'a' },
      'OKTA_CLIENT_PRIVATEKEY: not set; set it, or set OKTA_CLIENT_PRIVATEKEY_FILE to a file with the value',
    ],
    [{ OKTA_CLIENT_PRIVATEKEY: JWK }, 'OKTA_CLIENT_CLIENTID: not set'],
    [
      { OKTA_CLIENT_TOKEN: 't', OKTA_CLIENT_CLIENTID: 'a' },
      'OKTA_CLIENT_TOKEN: a service app is set as well; unset one',
    ],
    [{ OKTA_CLIENT_AUTHORIZATIONMODE: 'SSWS' }, 'OKTA_CLIENT_TOKEN: not set'],
    [{ OKTA_CLIENT_AUTHORIZATIONMODE: 'PrivateKey' }, 'OKTA_CLIENT_CLIENTID: not set'],
    [
      { OKTA_CLIENT_AUTHORIZATIONMODE: 'canary' },
      'OKTA_CLIENT_AUTHORIZATIONMODE: expected SSWS or PrivateKey',
    ],
    [
      { OKTA_CLIENT_CLIENTID: 'a', OKTA_CLIENT_PRIVATEKEY: JWK, OKTA_CLIENT_DPOP: 'canary' },
      'OKTA_CLIENT_DPOP: expected true or false',
    ],
    [{ OKTA_CLIENT_CLIENTID: 'a', OKTA_CLIENT_PRIVATEKEY: 'canary' }, 'auth.privateKey: '],
    [{ OKTA_CLIENT_CLIENTID: 'a', OKTA_CLIENT_PRIVATEKEY: '{"canary"' }, 'auth.privateKey: '],
  ])('refuses %o, and quotes nothing', async (env, message) => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3) });
    const where = { OKTA_CLIENT_ORGURL: 'https://example.okta.com', OKTA_IDENTITY_SOURCE_ID: 's' };
    const ran = await cli(cwd, SYNC, { env: { ...where, ...env } });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(`rollcall: ${message}`);
    expect(ran.err).not.toContain('canary');
  });

  it('are none where nothing is set', async () => {
    expect(await readCredentials({ OKTA_CLIENT_TOKEN: '  ' })).toBeUndefined();
    expect(await readCredentials({ OKTA_CLIENT_TOKEN: ' t ' })).toEqual({ token: 't' });
  });

  it('of a file are read again after a 401, and stay as they are while the file is empty', async () => {
    const cwd = await directory();
    const file = join(cwd, 'token');
    await files(cwd, { 'u.csv': usersCsv(3), token: 'old' });
    const simulated = makeOrg({ clock, cooldownMs: 1, importMs: 1 });
    const direct = directTransport(simulated, (ms) => clock.sleep(ms));
    const answers: string[] = [];
    let valid = 'old';
    const transport: Transport = async (request) => {
      // The token is replaced in the middle of a run: its file is empty for a moment.
      if (answers.length === 0) await writeFile(file, '');
      if (answers.length === 1) {
        await writeFile(file, 'new');
        valid = 'new';
      }
      const token = request.headers['authorization']?.replace('SSWS ', '');
      const isValid = token === valid;
      answers.push(`${token}: ${isValid ? 'accepted' : '401'}`);
      const authorization = isValid ? `SSWS ${simulated.token}` : 'SSWS none';
      return direct({ ...request, headers: { ...request.headers, authorization } });
    };
    const env = {
      OKTA_CLIENT_ORGURL: ORG_URL,
      OKTA_IDENTITY_SOURCE_ID: SOURCE,
      OKTA_CLIENT_TOKEN_FILE: file,
    };
    const ran = await cli(cwd, SYNC, { env, deps: { transport } });
    expect(ran.code).toBe(0);
    expect(simulated.directory(SOURCE).activeUsers).toBe(3);
    expect([...new Set(answers)]).toEqual(['old: accepted', 'old: 401', 'new: accepted']);
  });

  it('go to an org whose certificate is signed by who is told to be trusted', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3), 'ca.pem': 'no certificate' });
    const env = {
      OKTA_CLIENT_ORGURL: 'https://example.okta.com',
      OKTA_IDENTITY_SOURCE_ID: 's',
      OKTA_CLIENT_TOKEN: 't',
    };
    expect((await cli(cwd, [...SYNC, '--ca', 'ca.pem'], { env })).err).toContain('rollcall: ca: ');
    const none = await cli(cwd, [...SYNC, '--ca', 'none.pem'], { env });
    expect(none.code).toBe(2);
    expect(none.err).toContain('rollcall: --ca: the file cannot be read: ENOENT');
  });
});
