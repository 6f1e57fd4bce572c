import { X509Certificate } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { OptionsError } from '../core/errors.js';

/** A proxy's URL, `'environment'`, or none. */
export type ProxyOption = string | false;

/** What connections go through, and their limits. */
export interface DispatcherOptions {
  readonly orgUrl: string;
  readonly proxy: ProxyOption;
  readonly ca: string | undefined;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** How an org is reached: `undefined` is directly. */
type Route =
  undefined | { readonly uri: string } | { readonly httpProxy: string; readonly httpsProxy: string };

/**
 * Connections to one org: direct, or through a proxy. The environment is read now; undici, which takes 20 MB and a while to
 * load, is loaded with the first request: a plan sends none.
 */
export function dispatcherFor(options: DispatcherOptions): () => Promise<Dispatcher> {
  const route = routeOf(options);
  const { ca, connections, connectTimeoutMs, requestTimeoutMs } = options;
  return async () => {
    const { Agent, EnvHttpProxyAgent, Pool, ProxyAgent } = await import('undici');
    const tls = { timeout: connectTimeoutMs, ...(ca !== undefined && { ca }) };
    const agent = {
      connections,
      pipelining: 1,
      connect: tls,
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
    };
    if (route === undefined) return new Agent(agent);
    // The proxy answers a CONNECT when it has connected, so the same limit applies.
    const clientFactory = (origin: URL, opts: object) =>
      new Pool(origin, { ...opts, headersTimeout: connectTimeoutMs });
    const through = { ...agent, requestTls: tls, proxyTls: tls, clientFactory, ...route };
    return 'uri' in through ? new ProxyAgent(through) : new EnvHttpProxyAgent(through);
  };
}

function routeOf({ orgUrl, proxy }: DispatcherOptions): Route {
  if (proxy === false) return undefined;
  if (proxy !== 'environment') return { uri: proxy };
  // What runs on this machine, such as a simulated org, is not to be asked for elsewhere.
  if (isLoopback(orgUrl)) return undefined;
  return { httpProxy: fromEnvironment('HTTP_PROXY'), httpsProxy: fromEnvironment('HTTPS_PROXY') };
}

/** Checks the option `proxy`; the value is not quoted, for it may hold a password. */
export function checkProxy(proxy: unknown): ProxyOption {
  if (proxy === false || proxy === 'environment') return proxy;
  if (typeof proxy !== 'string') throw new OptionsError('proxy', "expected a URL, 'environment' or false");
  return checkProxyUrl('proxy', proxy);
}

/** Checks the option `ca`, of which Node would silently pass over what it cannot read. */
export function checkCa(ca: unknown): string {
  if (typeof ca !== 'string' && !(ca instanceof Uint8Array)) {
    throw new OptionsError('ca', 'expected PEM text, or a Buffer with PEM text');
  }
  const pem = typeof ca === 'string' ? ca : Buffer.from(ca).toString('utf8');
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0)
    throw new OptionsError('ca', 'expected PEM text with at least one certificate');
  certificates.forEach((certificate, at) => {
    try {
      void new X509Certificate(certificate);
    } catch {
      throw new OptionsError('ca', `certificate ${at + 1} of ${certificates.length} cannot be read`);
    }
  });
  return certificates.join('\n');
}

/** True for an org on this machine. */
export function isLoopback(orgUrl: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(orgUrl).hostname);
}

/** Lower case first, as most programs do; `''` when neither is set. */
function fromEnvironment(name: 'HTTP_PROXY' | 'HTTPS_PROXY'): string {
  const value = process.env[name.toLowerCase()] ?? process.env[name] ?? '';
  return value === '' ? '' : checkProxyUrl(name, value);
}

function checkProxyUrl(option: string, value: string): string {
  // "host:port" is usual in the environment.
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new OptionsError(
      option,
      'expected the URL of an HTTP proxy, such as http://proxy.example.com:3128',
    );
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw new OptionsError(
      option,
      'the user or password contains a "%" that is not part of an escape; write it as %25',
    );
  }
  return url.href;
}
