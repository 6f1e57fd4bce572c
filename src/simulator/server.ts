import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireNumber } from '../core/check-options.js';
import { systemClock } from '../core/clock.js';
import type { DirectoryView } from './directory.js';
import type { OrgOptions } from './options.js';
import { SimulatedOrg } from './org.js';
import type { LoggedRequest, OrgReply, OrgSession, Violation } from './types.js';

/** Options of {@link startOrg}. */
export interface StartOrgOptions extends OrgOptions {
  /** TCP port on 127.0.0.1. @defaultValue a free one */
  readonly port?: number;
}

/** A body above this is not read to its end: it is far beyond what the service takes. */
const MAX_READ_BYTES = 4_000_000;
const NOTICE_MS = 250;

/** A running org: {@link startOrg} makes it. */
export class Org implements AsyncDisposable {
  /** `http://127.0.0.1:{port}`. */
  readonly url: string;
  /** The org behind the HTTP server, for what is not repeated here. */
  readonly simulated: SimulatedOrg;
  readonly #server: Server;
  readonly #closing: AbortController;

  constructor(server: Server, simulated: SimulatedOrg, closing: AbortController) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.simulated = simulated;
    this.#server = server;
    this.#closing = closing;
  }

  /** The API token that requests must carry: `Authorization: SSWS {token}`. */
  get token(): string {
    return this.simulated.token;
  }

  /** The id of the first identity source. */
  get identitySourceId(): string {
    return this.simulated.identitySourceId;
  }

  /** Everything so far that a careful client never does; live. */
  get violations(): readonly Violation[] {
    return this.simulated.violations;
  }

  /** Every request so far; live. */
  get requests(): readonly LoggedRequest[] {
    return this.simulated.requests;
  }

  /** What the org holds of an identity source now. @throws OptionsError when it has no such source. */
  directory(identitySourceId: string = this.identitySourceId): DirectoryView {
    return this.simulated.directory(identitySourceId);
  }

  /** Every session of an identity source, oldest first. @throws OptionsError when it has no such source. */
  sessions(identitySourceId: string = this.identitySourceId): readonly OrgSession[] {
    return this.simulated.sessions(identitySourceId);
  }

  /** Ends the server and all its connections; what is under way gets no answer. May be called more than once. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Starts a local Okta org over HTTP on 127.0.0.1. It enforces the contract of the Identity Sources API, and notes in
 * `violations` what a careful client never does. It is meant for tests: there is no sandbox for this API.
 *
 * @example
 * ```ts
 * await using org = await startOrg({ cooldownMs: 100 });
 * const okta = createClient({ orgUrl: org.url, identitySourceId: org.identitySourceId, auth: { token: org.token } });
 * ```
 *
 * @throws OptionsError when an option has a value that cannot work; the system's error when the port is taken.
 */
export async function startOrg(options: StartOrgOptions = {}): Promise<Org> {
  const { port = 0, ...rest } = options;
  requireNumber('port', port, { min: 0, max: 65_535, integer: true });
  const simulated = new SimulatedOrg({ ...rest, noticeMs: rest.noticeMs ?? NOTICE_MS });
  const clock = rest.clock ?? systemClock;
  const closing = new AbortController();
  const server = createServer((request, response) => {
    serve(simulated, request, response, (ms) => clock.sleep(ms, closing.signal)).catch(() =>
      request.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return new Org(server, simulated, closing);
}

/** Takes one request over HTTP. Rejects when the connection breaks, or the org is closed meanwhile. */
async function serve(
  org: SimulatedOrg,
  request: IncomingMessage,
  response: ServerResponse,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const body = await readBody(request);
  const reply = org.handle({
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: flatten(request),
    body,
  });
  if (reply.kind !== 'refused' && reply.delayMs > 0) await sleep(reply.delayMs);
  give(reply, request, response);
}

function give(reply: OrgReply, request: IncomingMessage, response: ServerResponse): void {
  if (request.socket.destroyed) return;
  if (reply.kind !== 'answer') {
    // Over HTTP a connection cannot be refused once it was made; it breaks before anything was done.
    request.socket.resetAndDestroy();
    return;
  }
  const length = Buffer.byteLength(reply.body);
  if (reply.cut) {
    // More is announced than comes.
    response.writeHead(reply.status, { ...reply.headers, 'content-length': length * 2 + 1 });
    response.write(reply.body, () => request.socket.destroy());
    return;
  }
  const headers = reply.status === 204 ? reply.headers : { ...reply.headers, 'content-length': length };
  response.writeHead(reply.status, headers);
  response.end(reply.body);
}

/** The body; undefined when there is none. Of one that is much too long only the first part. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_READ_BYTES) continue;
    chunks.push(chunk);
  }
  return bytes === 0 ? undefined : Buffer.concat(chunks);
}

function flatten(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
