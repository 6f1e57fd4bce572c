import { OptionsError } from '../../core/errors.js';
import type { OAuthOptions } from '../../okta/sign-in/oauth-options.js';
import { readEnvironment, type Environment } from '../process/environment.js';

/** Credentials as the client takes them. */
export type Credentials = { readonly token: string } | OAuthOptions;

/** What the environment says of credentials; each name also with `_FILE`. They are those of Okta's own SDKs. */
export const CREDENTIAL_VARIABLES = Object.freeze({
  OKTA_CLIENT_TOKEN: 'an API token (SSWS)',
  OKTA_CLIENT_CLIENTID: 'the client id of an OAuth 2.0 service app',
  OKTA_CLIENT_PRIVATEKEY: "the service app's private key: PEM (`\\n` may stand for line ends) or a JWK",
  OKTA_CLIENT_KEYID: "the key's id, where the JWK does not have it",
  OKTA_CLIENT_SCOPES:
    'scopes, apart by spaces or commas; by default those for reading and managing identity sources',
  OKTA_CLIENT_DPOP: '`true`: only tokens bound by DPoP; `false`: none; by default as the app asks for it',
  OKTA_CLIENT_AUTHORIZATIONMODE: '`SSWS` or `PrivateKey`; only needed where both are set',
});

type Variable = keyof typeof CREDENTIAL_VARIABLES;
type Values = Readonly<Partial<Record<Variable, string>>>;

/**
 * The credentials that the environment holds, directly or in files; undefined when it holds none.
 *
 * @throws {@link OptionsError} for half of a service app, or for two ways to sign in. No value is quoted.
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
      return token === undefined ? missing('OKTA_CLIENT_TOKEN') : { token };
    case 'PrivateKey':
      return serviceApp(values);
    case undefined:
      if (token !== undefined && isApp) {
        throw new OptionsError(
          'OKTA_CLIENT_TOKEN',
          'a service app is set as well; unset one, or say which in OKTA_CLIENT_AUTHORIZATIONMODE',
        );
      }
      if (isApp) return serviceApp(values);
      return token === undefined ? undefined : { token };
  }
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
    // A variable can hardly hold lines: PEM text is commonly given with its line ends written out.
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
  throw new OptionsError(name, `not set; set it, or name a file with it in ${name}_FILE`);
}
