import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireFunction, requireNumber } from '../core/check-options.js';
import { TokenAuthorizer, type Authorizer, type TokenSource } from './sign-in/auth.js';
import { checkCa } from './dispatcher.js';
import { OAuthAuthorizer, type OAuthContext } from './sign-in/oauth.js';
import { checkOAuth, type OAuthOptions } from './sign-in/oauth-options.js';
import { checkProxy, isLoopback, proxyFor, type ProxyOption } from './proxy.js';
import type { WindowShare } from './rate-limit/rate-window.js';
import { Route } from './route.js';
import type { ClientWait, Transport } from './wire.js';

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** The address of the org, e.g. `https://example.okta.com`. `http` is allowed for loopback hosts only. */
  readonly orgUrl: string;
  /** The id of the identity source in Okta. */
  readonly identitySourceId: string;
  /** An API token or a function that returns one; a service app with its key; or your own {@link Authorizer}. */
  readonly auth: { readonly token: TokenSource } | OAuthOptions | Authorizer;
  /** Sends requests. It must end a request if its signal is aborted. @defaultValue HTTP with undici */
  readonly transport?: Transport;
  /**
   * The HTTP proxy of the default transport: its URL, with user and password if it requires them; or `'environment'`,
   * which uses `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (lower case first), except for loopback hosts.
   * @defaultValue false: no proxy; the environment is ignored
   */
  readonly proxy?: ProxyOption;
  /**
   * The CA certificates that the default transport trusts instead of Node's own, also for the proxy: PEM text.
   * @defaultValue Node's own
   */
  readonly ca?: string | Uint8Array;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Numbers from 0 to 1, for the jitter of back-offs. @defaultValue `Math.random` */
  readonly random?: () => number;
  /** The most concurrent requests, 1 to 75. @defaultValue 4 */
  readonly concurrency?: number;
  /**
   * The share of each rate-limit window that this client may use, more than 0 and at most 1. Without this option it is half, or 10
   * requests if that is more and leaves 5 to others, because half of the 15 requests of a Preview org is too few to see when an import ends.
   * @defaultValue 0.5
   */
  readonly rateLimitShare?: number;
  /** The longest duration of one attempt in milliseconds. @defaultValue 60000 */
  readonly requestTimeoutMs?: number;
  /** The longest time to connect in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number;
  /** The largest response that is read, in bytes; a page of 500 users with long profiles has some megabytes. @defaultValue 8388608 */
  readonly maxResponseBytes?: number;
  /** The most attempts of one call, including the first. @defaultValue 6 */
  readonly maxAttempts?: number;
  /** Called before each wait. An error that it throws is ignored. */
  readonly onWait?: (wait: ClientWait) => void;
  /** @defaultValue `rollcall` */
  readonly userAgent?: string;
}

/** Options after checking, with their defaults. */
export type CheckedOptions = Required<
  Omit<ClientOptions, 'auth' | 'transport' | 'onWait' | 'ca' | 'proxy' | 'rateLimitShare'>
> & {
  /** Creates the authorizer, which may fetch credentials over the transport of the client. */
  readonly authorizerOver: (transport: Transport) => Authorizer;
  readonly transport: Transport | undefined;
  readonly windowShare: WindowShare;
  /** The URL of the proxy; undefined for direct connections, and with a transport of one's own. */
  readonly proxy: string | undefined;
  readonly ca: string | undefined;
  readonly route: Route;
  readonly onWait: ((wait: ClientWait) => void) | undefined;
};

/** Requests that may be used of a small window whose share was not set. */
const LEAST_OF_WINDOW = 10;

const DEFAULTS = Object.freeze({
  concurrency: 4,
  rateLimitShare: 0.5,
  requestTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  maxResponseBytes: 8_388_608,
  maxAttempts: 6,
  userAgent: 'rollcall',
});

/** The names of {@link ClientOptions}. */
export const CLIENT_OPTION_NAMES: readonly string[] = [
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

/** Checks all options. @throws {@link OptionsError} for the first invalid one. */
export function checkOptions(options: ClientOptions): CheckedOptions {
  refuseUnknown('createClient', options, CLIENT_OPTION_NAMES);
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
  const orgUrl = checkOrgUrl(options.orgUrl);
  const proxyOption = checkProxy(options.proxy ?? false);
  const proxy = options.transport === undefined ? proxyFor(orgUrl, proxyOption) : undefined;
  const checked = {
    orgUrl,
    identitySourceId: checkSegment('identitySourceId', options.identitySourceId),
    proxy,
    route: new Route(orgUrl, proxy),
    ca: options.ca === undefined ? undefined : checkCa(options.ca),
    transport: options.transport === undefined ? undefined : requireFunction('transport', options.transport),
    clock: given.clock,
    random: requireFunction('random', given.random),
    concurrency: whole('concurrency', 75),
    windowShare: { share, least: options.rateLimitShare === undefined ? LEAST_OF_WINDOW : 1 },
    // setTimeout accepts at most 31 bits.
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
  // The error does not contain the value, because a URL may contain a password.
  if (typeof orgUrl !== 'string' || !URL.canParse(orgUrl)) throw new OptionsError('orgUrl', 'expected a URL');
  const url = new URL(orgUrl);
  if (url.username !== '' || url.password !== '')
    throw new OptionsError('orgUrl', 'must not contain a user name or password');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.origin))) {
    throw new OptionsError('orgUrl', `expected https, got ${url.protocol}//${url.hostname}`);
  }
  // Okta's host names are `{name}.okta.com`, and `{name}-admin.okta.com` for the Admin Console of the org.
  if (/^[^.]+-admin\./.test(url.hostname)) {
    const address = url.origin.replace('-admin.', '.');
    throw new OptionsError('orgUrl', `this is the address of the Admin Console; the org's own is ${address}`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]/.test(orgUrl)) {
    throw new OptionsError('orgUrl', `expected only the address of the org, such as ${url.origin}`);
  }
  return url.origin;
}

function checkSegment(option: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/.test(value)) {
    throw new OptionsError(option, 'expected an id of letters, digits, ".", "_", "~" or "-"');
  }
  return value;
}
