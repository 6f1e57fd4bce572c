import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { MessageParser, SearchEntry, SearchResponse } from 'ldapts';
import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { loadDriver } from '../load-driver.js';
import { LostConnection, RESULT, ResultFailure } from './failures.js';
import type { CheckedLdap, EntrySelection } from './ldap-options.js';

type Ldapts = typeof import('ldapts');

/** A request to a server. */
export interface SearchRequest extends Required<EntrySelection> {
  readonly attributes: readonly string[];
  /** The page of a paged search: its size, and where it begins. Undefined for a search that is not paged. */
  readonly page?: { readonly size: number; readonly cookie: Buffer };
}

/** The whole answer to a search, or to one page of it. */
export interface SearchAnswer {
  readonly entries: readonly SearchEntry[];
  /** Where the server says that more entries are: the addresses of its search continuations. */
  readonly references: readonly string[];
  /** Where the next page begins; empty on the last page. Undefined if the server did not page. */
  readonly cookie: Buffer | undefined;
}

/** A message of a server; `messageId` is that of the request. */
interface Response {
  readonly messageId: number;
  readonly status: number;
  readonly errorMessage: string;
}

interface Pending {
  readonly message: { readonly messageId: number };
  readonly entries: SearchEntry[];
  readonly references: string[];
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/** Extended operation of RFC 4511, 4.14. */
const START_TLS = '1.3.6.1.4.1.1466.20037';

/**
 * One connection to a server, with ldapts' messages. ldapts' own client is not used: it connects again, as nobody, when a connection
 * was lost, and it takes a page without entries for the last one. Both would look like people who left.
 */
export class LdapSession {
  readonly #ldapts: Ldapts;
  readonly #parser: MessageParser;
  readonly #pending = new Map<string, Pending>();
  readonly #timeoutMs: number;
  #socket: Socket;
  #lost: LostConnection | undefined;
  #lastId = 0;

  private constructor(ldapts: Ldapts, socket: Socket, timeoutMs: number) {
    this.#ldapts = ldapts;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#parser = new ldapts.MessageParser();
    this.#parser.on('message', (message) => this.#onMessage(message));
    this.#parser.on('error', () => this.#lose('it sent something that is not LDAP'));
    this.#listen(socket);
  }

  /** Connects and signs in. @throws the error of the system, or {@link ResultFailure} if the server refuses */
  static async open(options: CheckedLdap): Promise<LdapSession> {
    const ldapts = await loadDriver(['ldapts'], () => import('ldapts'));
    const session = new LdapSession(ldapts, await connected(options), options.timeoutMs);
    try {
      if (options.startTls) await session.#startTls(options);
      if (options.bind !== undefined) await session.#bind(options.bind);
    } catch (error) {
      session.#socket.destroy();
      throw error;
    }
    return session;
  }

  /** @throws {@link ResultFailure} unless the result is success; {@link LostConnection} */
  async search({ base, filter, scope, attributes, page }: SearchRequest): Promise<SearchAnswer> {
    const { SearchRequest, PagedResultsControl } = this.#ldapts;
    // A server that does not page must refuse the search, because it could cut off the answer.
    const controls =
      page === undefined ? [] : [new PagedResultsControl({ critical: true, value: { ...page } })];
    const request = new SearchRequest({
      messageId: this.#nextId(),
      baseDN: base,
      scope,
      filter: this.#filter(filter),
      attributes: [...attributes],
      timeLimit: 0,
      controls,
    });
    const { response, entries, references } = await this.#send(request);
    const paged = (response as SearchResponse).controls?.find(
      (control) => control instanceof PagedResultsControl,
    );
    return {
      entries,
      references,
      cookie: paged === undefined ? undefined : (paged.value?.cookie ?? Buffer.of()),
    };
  }

  /** Says goodbye, and closes the connection. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (this.#lost !== undefined || socket.destroyed) return;
    const closed = once(socket.ref(), 'close');
    const { UnbindRequest } = this.#ldapts;
    socket.end(new UnbindRequest({ messageId: this.#nextId() }).write(), () => socket.destroy());
    await closed;
  }

  #filter(text: string) {
    try {
      return this.#ldapts.FilterParser.parseString(text);
    } catch {
      throw new SourceError(`the filter ${quoted(text)} is not valid (RFC 4515)`);
    }
  }

  async #bind({ dn, password }: NonNullable<CheckedLdap['bind']>): Promise<void> {
    const { BindRequest } = this.#ldapts;
    await this.#send(new BindRequest({ messageId: this.#nextId(), dn, password }));
  }

  async #startTls(options: CheckedLdap): Promise<void> {
    const { ExtendedRequest } = this.#ldapts;
    await this.#send(new ExtendedRequest({ messageId: this.#nextId(), oid: START_TLS }));
    const plain = this.#socket;
    plain.removeAllListeners();
    const socket = connectTls({ ...tlsOptions(options), socket: plain });
    await opened(socket, 'secureConnect', options.connectTimeoutMs);
    this.#socket = socket;
    this.#listen(socket);
  }

  #nextId(): number {
    return ++this.#lastId;
  }

  /** Sends a request, and waits for all of its answer. */
  async #send(message: { readonly messageId: number; write(): Buffer }) {
    if (this.#lost !== undefined) throw this.#lost;
    const entries: SearchEntry[] = [];
    const references: string[] = [];
    const response = await new Promise<Response>((resolve, reject) => {
      this.#pending.set(String(message.messageId), { message, entries, references, resolve, reject });
      this.#socket.ref().setTimeout(this.#timeoutMs);
      this.#socket.write(message.write());
    });
    if (response.status !== RESULT.success)
      throw new ResultFailure(response.status, /\bdata ([0-9a-f]{2,4})\b/.exec(response.errorMessage)?.[1]);
    return { response, entries, references };
  }

  #listen(socket: Socket): void {
    const requests = this.#pending as unknown as Parameters<MessageParser['read']>[1];
    socket.on('data', (data: Buffer) => this.#parser.read(data, requests));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => this.#lose(code ?? 'the connection ended'));
    socket.on('close', () => this.#lose('the server closed it'));
    socket.on('timeout', () => this.#lose('the server does not answer'));
  }

  #onMessage(message: Response): void {
    const { SearchEntry: Entry, SearchReference: Reference } = this.#ldapts;
    const key = String(message.messageId);
    const pending = this.#pending.get(key);
    // A message without a request says that the server ends the connection (RFC 4511, 4.4.1).
    if (pending === undefined) this.#lose('the server ended it');
    else if (message instanceof Entry) pending.entries.push(message);
    else if (message instanceof Reference) pending.references.push(...message.uris);
    else {
      this.#pending.delete(key);
      // A connection that nobody uses does not keep the process alive.
      if (this.#pending.size === 0) this.#socket.unref().setTimeout(0);
      pending.resolve(message);
    }
  }

  #lose(why: string): void {
    this.#lost ??= new LostConnection(why);
    this.#socket.destroy();
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}

async function connected(options: CheckedLdap): Promise<Socket> {
  const { host, port, isTls, connectTimeoutMs } = options;
  const socket = isTls
    ? connectTls({ ...tlsOptions(options), host, port })
    : connectPlain({ host, port, keepAlive: true, noDelay: true });
  await opened(socket, isTls ? 'secureConnect' : 'connect', connectTimeoutMs);
  return socket;
}

function tlsOptions({ host, ca }: CheckedLdap): ConnectionOptions {
  // With an address of numbers there is no name to send, and the certificate must have the address.
  return { ...(ca !== undefined && { ca }), ...(isIP(host) === 0 && { servername: host }), host };
}

/** Waits until a socket is open; destroys it otherwise. */
async function opened(socket: Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<void> {
  const tooLate = () => void socket.destroy(new LostConnection('ETIMEDOUT'));
  socket.setTimeout(timeoutMs);
  socket.once('timeout', tooLate);
  try {
    await once(socket, event);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setTimeout(0);
  socket.off('timeout', tooLate);
}
