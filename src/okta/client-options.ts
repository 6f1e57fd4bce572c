import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireFunction, requireNumber } from '../core/check-options.js';
import { TokenAuthorizer, type Authorizer, type TokenSource } from './sign-in/auth.js';
import { checkCa, checkProxy, isLoopback, type ProxyOption } from './dispatcher.js';
import { OAuthAuthorizer, type OAuthContext } from './sign-in/oauth.js';
import { checkOAuth, type OAuthOptions } from './sign-in/oauth-options.js';
import type { ClientWait, Transport } from './wire.js';

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** The org's origin, e.g. `https://example.okta.com`. `http` is allowed for loopback hosts only. */
  readonly orgUrl: string;
  /** The id of the identity source at Okta. */
  readonly identitySourceId: string;
  /** An API token or a function that returns one; a service app with its key; or an {@link Authorizer} of one's own. */
  readonly auth: { readonly token: TokenSource } | OAuthOptions | Authorizer;
  /** Sends requests. It must end them when their signal is aborted. @defaultValue HTTP by undici */
  readonly transport?: Transport;
  /**
   * The HTTP proxy of the default transport: its URL, with user and password where it asks for them; or
   * `'environment'`, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say (lower case first), save for loopback hosts.
   * @defaultValue false: none, whatever the environment says
   */
  readonly proxy?: ProxyOption;
  /**
   * The certificates that the default transport trusts, of the proxy too, in place of Node's own: PEM text.
   * @defaultValue Node's own
   */
  readonly ca?: string | Uint8Array;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Numbers from 0 to 1, for the jitter of back-offs. @defaultValue `Math.random` */
  readonly random?: () => number;
  /** Requests at a time, 1 to 75. @defaultValue 4 */
  readonly concurrency?: number;
  /** The part of each rate-limit window that this client may use, above 0 to 1. @defaultValue 0.5 */
  readonly rateLimitShare?: number;
  /** Longest time of one attempt in milliseconds. @defaultValue 60000 */
  readonly requestTimeoutMs?: number;
  /** Longest time to connect in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number;
  /** Largest answer that is read, in bytes. @defaultValue 1048576 */
  readonly maxResponseBytes?: number;
  /** Attempts of one call, the first included. @defaultValue 6 */
  readonly maxAttempts?: number;
  /** Told before each wait. What it throws is ignored. */
  readonly onWait?: (wait: ClientWait) => void;
  /** @defaultValue `rollcall` */
  readonly userAgent?: string;
}

/** Options after checking, with their defaults. */
export type CheckedOptions = Required<Omit<ClientOptions, 'auth' | 'transport' | 'onWait' | 'ca'>> & {
  /** Credentials may need to be fetched, over the transport of the client. */
  readonly authorizerOver: (transport: Transport) => Authorizer;
  readonly transport: Transport | undefined;
  readonly ca: string | undefined;
  readonly onWait: ((wait: ClientWait) => void) | undefined;
};

const DEFAULTS = Object.freeze({
  concurrency: 4,
  rateLimitShare: 0.5,
  requestTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  maxResponseBytes: 1_048_576,
  maxAttempts: 6,
  userAgent: 'rollcall',
});

const KNOWN = [
  ...Object.keys(DEFAULTS),
  'orgUrl',
  'identitySourceId',
  'auth',
  'transport',
  'proxy',
  'ca',
  'clock',
  'random',
  'onWait',
];

/** Checks every option; throws {@link OptionsError} for the first that cannot work. */
export function checkOptions(options: ClientOptions): CheckedOptions {
  refuseUnknown('createClient', options, KNOWN);
  const given = { ...DEFAULTS, clock: systemClock, random: Math.random, ...options };
  const whole = (
    name: 'concurrency' | 'requestTimeoutMs' | 'connectTimeoutMs' | 'maxResponseBytes' | 'maxAttempts',
    max: number,
  ) => requireNumber(name, given[name], { min: 1, max, integer: true });
  const share = requireNumber('rateLimitShare', given.rateLimitShare, { min: 0, max: 1 });
  if (share === 0) throw new OptionsError('rateLimitShare', 'expected more than 0, got 0');
  if (typeof given.userAgent !== 'string' || !/^[\x20-\x7e]+$/.test(given.userAgent)) {
    throw new OptionsError('userAgent', 'expected printable characters');
  }
  const checked = {
    orgUrl: checkOrgUrl(options.orgUrl),
    identitySourceId: checkSegment('identitySourceId', options.identitySourceId),
    proxy: checkProxy(options.proxy ?? false),
    ca: options.ca === undefined ? undefined : checkCa(options.ca),
    transport: options.transport === undefined ? undefined : requireFunction('transport', options.transport),
    clock: given.clock,
    random: requireFunction('random', given.random),
    concurrency: whole('concurrency', 75),
    rateLimitShare: share,
    // setTimeout takes no more than 31 bits.
    requestTimeoutMs: whole('requestTimeoutMs', 2 ** 31 - 1),
    connectTimeoutMs: whole('connectTimeoutMs', 2 ** 31 - 1),
    maxResponseBytes: whole('maxResponseBytes', 2 ** 30),
    maxAttempts: whole('maxAttempts', 100),
    onWait: options.onWait === undefined ? undefined : requireFunction('onWait', options.onWait),
    userAgent: given.userAgent,
  };
  const makeAuthorizer = checkAuth(options.auth);
  return { ...checked, authorizerOver: (transport) => makeAuthorizer({ ...checked, transport }) };
}

function checkAuth(auth: ClientOptions['auth']): (context: OAuthContext) => Authorizer {
  if (typeof auth !== 'object' || auth === null) {
    throw new OptionsError('auth', 'expected { token }, or { clientId, privateKey }');
  }
  if ('authorize' in auth) {
    const parts = auth as unknown as Readonly<Record<string, unknown>>;
    for (const name of ['authorize', 'onUnauthorized']) requireFunction(`auth.${name}`, parts[name]);
    return () => auth;
  }
  if ('clientId' in auth || 'privateKey' in auth) {
    const app = checkOAuth(auth as OAuthOptions);
    return (context) => new OAuthAuthorizer(app, context);
  }
  refuseUnknown('auth', auth, ['token']);
  const authorizer = new TokenAuthorizer(auth.token);
  return () => authorizer;
}

function checkOrgUrl(orgUrl: unknown): string {
  // The value is not quoted: a URL with user information holds a password.
  if (typeof orgUrl !== 'string' || !URL.canParse(orgUrl)) throw new OptionsError('orgUrl', 'expected a URL');
  const url = new URL(orgUrl);
  if (url.username !== '' || url.password !== '')
    throw new OptionsError('orgUrl', 'must not contain a user name or password');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.origin))) {
    throw new OptionsError('orgUrl', `expected https, got ${url.protocol}//${url.hostname}`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]/.test(orgUrl)) {
    throw new OptionsError('orgUrl', `expected only the address of the org, such as ${url.origin}`);
  }
  if (/-admin\./.test(url.hostname)) {
    throw new OptionsError(
      'orgUrl',
      `expected the address of the org, not of its Admin Console: ${url.hostname}`,
    );
  }
  return url.origin;
}

function checkSegment(option: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/.test(value)) {
    throw new OptionsError(option, 'expected an id of letters, digits, ".", "_", "~" or "-"');
  }
  return value;
}
