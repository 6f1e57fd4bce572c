import type { Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';
import { untilAborted } from '../flow/until-aborted.js';

/** Longer than the limit for closing a source, and short enough to end an aborted run within five seconds. */
const CLOSING_MS = 3000;

/** The batches of a flow, one by one. It reads the source only when {@link peek} needs another batch. */
export class BatchQueue {
  readonly #iterator: AsyncIterator<Chunk<Batch>>;
  #chunk: readonly Batch[] = [];
  #at = 0;
  #ended = false;

  constructor(source: Flow<Batch>, signal: AbortSignal | undefined) {
    this.#iterator = untilAborted(source.chunks(), signal, CLOSING_MS);
  }

  /** The next batch, which stays in the queue; undefined at the end. */
  async peek(): Promise<Batch | undefined> {
    while (this.#at >= this.#chunk.length && !this.#ended) {
      const step = await this.#iterator.next();
      if (step.done) this.#ended = true;
      else {
        this.#chunk = step.value;
        this.#at = 0;
      }
    }
    return this.#chunk[this.#at];
  }

  /** Removes the batch that {@link peek} returned. */
  shift(): void {
    this.#at++;
  }

  /** Closes the source, unless it was read to its end. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.();
    this.#ended = true;
  }
}
