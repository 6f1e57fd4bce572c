import { OptionsError } from '../../core/errors.js';
import type { TokenSource } from '../../okta/sign-in/auth.js';
import type { OAuthOptions } from '../../okta/sign-in/oauth-options.js';
import { readEnvironment, type Environment } from '../process/environment.js';

/** Credentials as the client takes them. */
export type Credentials = { readonly token: TokenSource } | OAuthOptions;

/** What the environment says of credentials; each name also with `_FILE`. They are those of Okta's own SDKs. */
export const CREDENTIAL_VARIABLES = Object.freeze({
  OKTA_CLIENT_TOKEN: 'an API token (SSWS)',
  OKTA_CLIENT_CLIENTID: 'the client id of an OAuth 2.0 service app',
  OKTA_CLIENT_PRIVATEKEY: "the service app's private key: PEM (`\\n` may stand for line ends) or a JWK",
  OKTA_CLIENT_KEYID: "the key's id (`kid`), if the key is not a JWK that contains it",
  OKTA_CLIENT_SCOPES:
    'scopes, separated by spaces or commas; by default the scopes to read and manage identity sources',
  OKTA_CLIENT_DPOP:
    '`true`: accept only tokens that are bound by DPoP; `false`: never use DPoP; by default, use it if the app requires it',
  OKTA_CLIENT_AUTHORIZATIONMODE: '`SSWS` or `PrivateKey`; needed only if both kinds of credentials are set',
});

type Variable = keyof typeof CREDENTIAL_VARIABLES;
type Values = Readonly<Partial<Record<Variable, string>>>;

/**
 * The credentials from environment variables, or from the files that they name; undefined if none is set. The file of a
 * token is read for each request, so that a run goes on when the token is replaced.
 *
 * @throws {@link OptionsError} if a service app is only half configured, or if two ways to sign in are configured. The
 * message contains no value.
 */
export async function readCredentials(env: Environment): Promise<Credentials | undefined> {
  const values: Partial<Record<Variable, string>> = {};
  for (const name of Object.keys(CREDENTIAL_VARIABLES) as Variable[]) {
    const value = await readEnvironment(env, name);
    if (value !== undefined) values[name] = value;
  }
  const token = values.OKTA_CLIENT_TOKEN;
  const isApp = values.OKTA_CLIENT_CLIENTID !== undefined || values.OKTA_CLIENT_PRIVATEKEY !== undefined;
  switch (modeOf(values)) {
    case 'SSWS':
      return token === undefined ? missing('OKTA_CLIENT_TOKEN') : { token: tokenSource(env, token) };
    case 'PrivateKey':
      return serviceApp(values);
    case undefined:
      if (token !== undefined && isApp) {
        throw new OptionsError(
          'OKTA_CLIENT_TOKEN',
          'a service app is set as well; unset one of them, or choose with OKTA_CLIENT_AUTHORIZATIONMODE',
        );
      }
      if (isApp) return serviceApp(values);
      return token === undefined ? undefined : { token: tokenSource(env, token) };
  }
}

/**
 * The token of a variable, or a function that reads its file. While the file is being replaced it may be missing or empty: the
 * token that was read before is used then, and Okta decides whether it is still valid.
 */
function tokenSource(env: Environment, token: string): TokenSource {
  if (!env['OKTA_CLIENT_TOKEN_FILE']?.trim()) return token;
  let current = token;
  return async () => {
    current = (await readEnvironment(env, 'OKTA_CLIENT_TOKEN').catch(() => undefined)) ?? current;
    return current;
  };
}

function modeOf(values: Values): 'SSWS' | 'PrivateKey' | undefined {
  const mode = values.OKTA_CLIENT_AUTHORIZATIONMODE;
  if (mode === undefined || mode === 'SSWS' || mode === 'PrivateKey') return mode;
  throw new OptionsError('OKTA_CLIENT_AUTHORIZATIONMODE', 'expected SSWS or PrivateKey');
}

function serviceApp(values: Values): OAuthOptions {
  const clientId = values.OKTA_CLIENT_CLIENTID ?? missing('OKTA_CLIENT_CLIENTID');
  const privateKey = values.OKTA_CLIENT_PRIVATEKEY ?? missing('OKTA_CLIENT_PRIVATEKEY');
  const { OKTA_CLIENT_KEYID: keyId, OKTA_CLIENT_SCOPES: scopes, OKTA_CLIENT_DPOP: dpop } = values;
  return {
    clientId,
    // A variable can hardly contain line breaks: in PEM text they are commonly written as \n.
    privateKey: privateKey.startsWith('-----BEGIN') ? privateKey.replaceAll('\\n', '\n') : privateKey,
    ...(keyId !== undefined && { keyId }),
    ...(scopes !== undefined && { scopes: scopes.split(/[\s,]+/).filter((scope) => scope !== '') }),
    ...(dpop !== undefined && { dpop: onOff(dpop) }),
  };
}

function onOff(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new OptionsError('OKTA_CLIENT_DPOP', 'expected true or false');
}

function missing(name: Variable): never {
  throw new OptionsError(name, `not set; set it, or set ${name}_FILE to a file with the value`);
}
