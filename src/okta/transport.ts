import type { Dispatcher } from 'undici';
import { ACCEPTED_ENCODINGS, decodedBody } from './decoded-body.js';
import { openDispatcher, type DispatcherOptions } from './dispatcher.js';
import { TransportError, type Transport, type WireRequest, type WireResponse } from './wire.js';

/** The limits of connections, and the proxy and certificates that they use. */
export interface TransportOptions extends DispatcherOptions {
  readonly maxResponseBytes: number;
}

/** A transport, and a function that closes its connections. */
export interface OwnedTransport {
  readonly send: Transport;
  close(): Promise<void>;
}

/**
 * HTTP with undici. Requests are not repeated and redirects are not followed. undici calls a handler right before it writes
 * a request to a connected socket; a request that fails earlier (DNS, refused, connect timeout, abort) was certainly not
 * sent.
 */
export function undiciTransport(options: TransportOptions): OwnedTransport {
  let agent: Promise<Dispatcher> | undefined;
  return {
    send: async (request) => sendOnce(await (agent ??= openDispatcher(options)), request, options),
    close: async () => (await agent)?.destroy(),
  };
}

function sendOnce(agent: Dispatcher, request: WireRequest, options: TransportOptions): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.url);
    let sent = false;
    let over = false;
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Record<string, string | undefined> = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    const end = (finish: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      finish();
    };
    const fail = (reason: string) => {
      end(() => reject(new TransportError(reason, sent)));
      controller?.abort(new Error(reason));
    };
    const onAbort = () => fail('aborted');
    const timer = setTimeout(() => fail('no complete response in time'), options.requestTimeoutMs);
    if (request.signal?.aborted) {
      fail('aborted');
      return;
    }
    request.signal?.addEventListener('abort', onAbort, { once: true });

    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: { 'accept-encoding': ACCEPTED_ENCODINGS, ...request.headers },
        body: request.body === undefined ? null : request.body,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (over) started.abort(new Error('canceled before it was sent'));
          else sent = true;
        },
        onResponseStart(_, code, answered) {
          status = code;
          headers = flatten(answered);
        },
        onResponseData(_, chunk) {
          bytes += chunk.length;
          if (bytes > options.maxResponseBytes) fail(`the answer exceeds ${options.maxResponseBytes} bytes`);
          else chunks.push(chunk);
        },
        onResponseEnd() {
          const decoded = () =>
            decodedBody(Buffer.concat(chunks), headers['content-encoding'], options.maxResponseBytes);
          end(() => resolve(decoded().then((body) => ({ status, headers, body }))));
        },
        onResponseError(_, error) {
          fail(reasonOf(error));
        },
      },
    );
  });
}

/** The code of an error, without its message, which may contain parts of the request. */
function reasonOf(error: Error): string {
  const refused = /^Proxy response \((\d{3})\)/.exec(error.message);
  if (refused !== null) return `the proxy answered ${refused[1]}`;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'the connection failed';
}

/** Headers of which several are one list: challenges, and the links of a page (Okta sends `self` and `next`). */
const LISTS: ReadonlySet<string> = new Set(['www-authenticate', 'link']);

/** One value for each header. */
function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  const one = (name: string, value: string | string[] | undefined) =>
    Array.isArray(value) ? (LISTS.has(name) ? value.join(', ') : value[0]) : value;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, one(name, value)]));
}
