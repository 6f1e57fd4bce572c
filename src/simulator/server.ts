import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { requireNumber } from '../core/check-options.js';
import { systemClock } from '../core/clock.js';
import type { DirectoryEdit, DirectoryView } from './directory.js';
import type { OrgOptions } from './options.js';
import { SimulatedOrg } from './org.js';
import type { LoggedRequest, OrgReply, OrgSession, Violation } from './types.js';

/** Options of {@link startOrg}. */
export interface StartOrgOptions extends OrgOptions {
  /** TCP port on 127.0.0.1. @defaultValue a free one */
  readonly port?: number;
}

/** A larger body is not read to its end: it far exceeds the limit of the API. */
const MAX_READ_BYTES = 4_000_000;
const NOTICE_MS = 250;

/** A running org; see {@link startOrg}. */
export class Org implements AsyncDisposable {
  /** `http://127.0.0.1:{port}`. */
  readonly url: string;
  /** The org behind the HTTP server, for members that are not repeated here. */
  readonly simulated: SimulatedOrg;
  readonly #server: Server;
  readonly #closing: AbortController;

  constructor(server: Server, simulated: SimulatedOrg, closing: AbortController) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.simulated = simulated;
    this.#server = server;
    this.#closing = closing;
  }

  /** The API token that requests must have: `Authorization: SSWS {token}`. */
  get token(): string {
    return this.simulated.token;
  }

  /** The id of the first identity source. */
  get identitySourceId(): string {
    return this.simulated.identitySourceId;
  }

  /** All violations so far: requests that a correct client never sends. The array is live. */
  get violations(): readonly Violation[] {
    return this.simulated.violations;
  }

  /** All requests so far. The array is live. */
  get requests(): readonly LoggedRequest[] {
    return this.simulated.requests;
  }

  /** The current users, groups and memberships of an identity source. @throws OptionsError if there is no such source. */
  directory(identitySourceId: string = this.identitySourceId): DirectoryView {
    return this.simulated.directory(identitySourceId);
  }

  /** All sessions of an identity source, oldest first. @throws OptionsError if there is no such source. */
  sessions(identitySourceId: string = this.identitySourceId): readonly OrgSession[] {
    return this.simulated.sessions(identitySourceId);
  }

  /** Changes the directory of an identity source by hand; see {@link SimulatedOrg.edit}. */
  edit(change: (directory: DirectoryEdit) => void, identitySourceId: string = this.identitySourceId): void {
    this.simulated.edit(change, identitySourceId);
  }

  /** Stops the server and closes all connections; requests in progress get no response. May be called more than once. */
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
 * Starts a local Okta org over HTTP on 127.0.0.1, for tests. It enforces the rules of the Identity Sources API, and records
 * requests that a correct client never sends in `violations`. Okta has no sandbox for this API.
 *
 * @example
 * ```ts
 * await using org = await startOrg({ cooldownMs: 100 });
 * const okta = createClient({ orgUrl: org.url, identitySourceId: org.identitySourceId, auth: { token: org.token } });
 * ```
 *
 * @throws OptionsError for an invalid option; the error of the system if the port is in use.
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

/** Processes one request over HTTP. The promise rejects if the connection breaks, or if the org is closed meanwhile. */
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
  await respond(reply, request, response);
}

async function respond(reply: OrgReply, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.socket.destroyed) return;
  if (reply.kind !== 'answer') {
    // An HTTP server cannot refuse an existing connection, so it breaks the connection before it processes the request.
    request.socket.resetAndDestroy();
    return;
  }
  const length = Buffer.byteLength(reply.body);
  if (reply.cut) {
    // Content-Length announces more bytes than are sent.
    response.writeHead(reply.status, { ...reply.headers, 'content-length': length * 2 + 1 });
    response.write(reply.body, () => request.socket.destroy());
    return;
  }
  if (length > 0 && isCompressed(request)) {
    const body = await compress(reply.body, { level: constants.Z_BEST_SPEED });
    const headers = { vary: 'Accept-Encoding', 'content-encoding': 'gzip', 'content-length': body.length };
    response.writeHead(reply.status, { ...reply.headers, ...headers });
    response.end(body);
    return;
  }
  const headers = reply.status === 204 ? reply.headers : { ...reply.headers, 'content-length': length };
  response.writeHead(reply.status, headers);
  response.end(reply.body);
}

const compress = promisify(gzip);

/** True for a request whose answer Okta compresses, as recordings show: a GET that accepts it. */
function isCompressed({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && /\bgzip\b/.test(String(headers['accept-encoding']));
}

/** The body; undefined if there is none. Of a body that is far too long, only the first part is read. */
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
