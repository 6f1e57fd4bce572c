import { X509Certificate } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { OptionsError } from '../core/errors.js';

/** The proxy, the certificates and the limits of connections. */
export interface DispatcherOptions {
  /** The URL of the proxy; undefined for direct connections. */
  readonly proxy: string | undefined;
  readonly ca: string | undefined;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * Opens connections, direct or through a proxy. undici needs 20 MB and some time to load, so it is loaded with the first
 * request: a plan sends none.
 */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { proxy, ca, connections, connectTimeoutMs, requestTimeoutMs } = options;
  const { Agent, Pool, ProxyAgent } = await import('undici');
  const tls = { timeout: connectTimeoutMs, ...(ca !== undefined && { ca }) };
  const agent = {
    connections,
    pipelining: 1,
    connect: tls,
    headersTimeout: requestTimeoutMs,
    bodyTimeout: requestTimeoutMs,
  };
  if (proxy === undefined) return new Agent(agent);
  // The proxy responds to a CONNECT only after it has connected, so the limit for connecting applies.
  const clientFactory = (origin: URL, opts: object) =>
    new Pool(origin, { ...opts, headersTimeout: connectTimeoutMs });
  return new ProxyAgent({ ...agent, uri: proxy, requestTls: tls, proxyTls: tls, clientFactory });
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
