import { AbortedError, OptionsError } from '../core/errors.js';
import type { CheckedOptions } from './client-options.js';
import { Exchange, type Call } from './exchange.js';
import type { Operation } from './operations.js';
import { undiciTransport, type OwnedTransport } from './transport.js';
import type { CallOptions } from './wire.js';

/** A connection to one org and one identity source: sends calls until it is closed. */
export class Connection implements AsyncDisposable {
  readonly orgUrl: string;
  readonly identitySourceId: string;
  readonly #exchange: Exchange;
  readonly #owned: OwnedTransport | undefined;
  readonly #underWay = new Set<AbortController>();
  #closed = false;

  constructor(options: CheckedOptions) {
    this.orgUrl = options.orgUrl;
    this.identitySourceId = options.identitySourceId;
    this.#owned =
      options.transport === undefined
        ? undiciTransport({ ...options, connections: options.concurrency })
        : undefined;
    const transport = options.transport ?? this.#owned!.send;
    this.#exchange = new Exchange(options, transport, options.authorizerOver(transport));
  }

  serverDate(): number | undefined {
    return this.#exchange.serverDate();
  }

  rateLimits(): ReadonlyMap<string, number> {
    return this.#exchange.rateLimits();
  }

  pollsPerWindow(): number | undefined {
    return this.#exchange.pollsPerWindow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#underWay) controller.abort();
    await this.#owned?.close();
  }

  /** Sends a call to a path below the identity source. */
  protected callSource<T>(
    operation: Operation,
    path: string,
    body: string | undefined,
    read: Call<T>['read'],
    options: CallOptions | undefined,
  ): Promise<T> {
    return this.call(
      operation,
      `/api/v1/identity-sources/${this.identitySourceId}${path}`,
      body,
      read,
      options,
    );
  }

  /** Sends a call. It is aborted by its own signal, and when the connection is closed. */
  protected async call<T>(
    operation: Operation,
    path: string,
    body: string | undefined,
    read: Call<T>['read'],
    options: CallOptions | undefined,
  ): Promise<T> {
    if (this.#closed) throw new AbortedError('the client is closed');
    const signal = options?.signal;
    if (signal?.aborted) throw new AbortedError();
    const controller = new AbortController();
    const onAbort = () => controller.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#underWay.add(controller);
    try {
      const { onWait, patienceMs, urgency } = options ?? {};
      return await this.#exchange.call(
        { operation, path, body, read, onWait, patienceMs, urgency },
        controller.signal,
      );
    } finally {
      this.#underWay.delete(controller);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

/**
 * An id as a part of a path.
 * @throws {@link OptionsError} for `.` and `..`, which a URL resolves: the path would be that of another resource
 */
export function segment(option: string, id: string): string {
  if (typeof id !== 'string' || id === '' || /^\.{1,2}$/.test(id)) {
    throw new OptionsError(option, 'expected an id; "." and ".." cannot be part of a path');
  }
  return encodeURIComponent(id);
}
