import { X509Certificate } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { OptionsError } from '../core/errors.js';

/** The URL of a proxy; `'environment'`; or false for none. */
export type ProxyOption = string | false;

/** The proxy, the certificates and the limits of connections. */
export interface DispatcherOptions {
  readonly orgUrl: string;
  readonly proxy: ProxyOption;
  readonly ca: string | undefined;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The proxy for an org; undefined for a direct connection. */
type Route =
  undefined | { readonly uri: string } | { readonly httpProxy: string; readonly httpsProxy: string };

/**
 * Connections to one org, direct or through a proxy. The environment is read now. undici needs 20 MB and some time to load,
 * so it is loaded with the first request: a plan sends none.
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
    // The proxy responds to a CONNECT only after it has connected, so the limit for connecting applies.
    const clientFactory = (origin: URL, opts: object) =>
      new Pool(origin, { ...opts, headersTimeout: connectTimeoutMs });
    const through = { ...agent, requestTls: tls, proxyTls: tls, clientFactory, ...route };
    return 'uri' in through ? new ProxyAgent(through) : new EnvHttpProxyAgent(through);
  };
}

function routeOf({ orgUrl, proxy }: DispatcherOptions): Route {
  if (proxy === false) return undefined;
  if (proxy !== 'environment') return { uri: proxy };
  // A server on this machine, such as a simulated org, must not be reached through a proxy.
  if (isLoopback(orgUrl)) return undefined;
  return { httpProxy: fromEnvironment('HTTP_PROXY'), httpsProxy: fromEnvironment('HTTPS_PROXY') };
}

/** Checks the option `proxy`. The error does not contain the value, because it may contain a password. */
export function checkProxy(proxy: unknown): ProxyOption {
  if (proxy === false || proxy === 'environment') return proxy;
  if (typeof proxy !== 'string') throw new OptionsError('proxy', "expected a URL, 'environment' or false");
  return checkProxyUrl('proxy', proxy);
}

/** Checks the option `ca`, because Node silently ignores certificates that it cannot read. */
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

/** The lower-case variable first, as in most programs; `''` if neither is set. */
function fromEnvironment(name: 'HTTP_PROXY' | 'HTTPS_PROXY'): string {
  const value = process.env[name.toLowerCase()] ?? process.env[name] ?? '';
  return value === '' ? '' : checkProxyUrl(name, value);
}

function checkProxyUrl(option: string, value: string): string {
  // Environment variables often contain only "host:port".
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
