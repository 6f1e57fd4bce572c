import type { Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';
import { untilAborted } from '../flow/until-aborted.js';

/** Longer than its sources are given, and short enough for an abort to settle within five seconds. */
const CLOSING_MS = 3000;

/** Hands out the batches of a flow one by one, with a look at the next. Pulls nothing that was not asked for. */
export class BatchQueue {
  readonly #iterator: AsyncIterator<Chunk<Batch>>;
  #chunk: readonly Batch[] = [];
  #at = 0;
  #ended = false;

  constructor(source: Flow<Batch>, signal: AbortSignal | undefined) {
    this.#iterator = untilAborted(source.chunks(), signal, CLOSING_MS);
  }

  /** The next batch, which stays where it is; undefined at the end. */
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

  /** Takes what {@link peek} showed. */
  shift(): void {
    this.#at++;
  }

  /** Closes the source where it is not at its end. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.();
    this.#ended = true;
  }
}
