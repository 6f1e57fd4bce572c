import type { Chunk } from './chunk.js';

/**
 * Iterates the records of a flow one by one. An async generator would need three microtask turns per record. This iterator
 * returns the records of a chunk as resolved promises, and needs turns only for the next chunk.
 *
 * It behaves like a generator: calls are answered in order, even if several are pending; `return` and `throw` close the
 * source after the earlier calls; and there are no records after the end or a failure.
 */
export class RecordIterator<T> implements AsyncIterableIterator<T> {
  readonly #source: AsyncIterator<Chunk<T>>;
  #chunk: readonly T[] = [];
  #at = 0;
  #ended = false;
  /** The last pending call; undefined if there is none. */
  #last: Promise<unknown> | undefined;

  constructor(source: AsyncIterator<Chunk<T>>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#last === undefined && this.#at < this.#chunk.length)
      return Promise.resolve({ value: this.#chunk[this.#at++] as T, done: false });
    return this.#inTurn(() => this.#advance());
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(async () => {
      await this.#close();
      return { value: undefined, done: true };
    });
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(async () => {
      await this.#close();
      throw error;
    });
  }

  /** Runs a step after the earlier ones have ended, with or without an error. */
  #inTurn(step: () => Promise<IteratorResult<T, undefined>>): Promise<IteratorResult<T, undefined>> {
    const turn = this.#last === undefined ? step() : this.#last.then(step, step);
    const done = () => {
      if (this.#last === turn) this.#last = undefined;
    };
    this.#last = turn;
    turn.then(done, done);
    return turn;
  }

  async #advance(): Promise<IteratorResult<T, undefined>> {
    while (this.#at >= this.#chunk.length) {
      if (this.#ended) return { value: undefined, done: true };
      try {
        const step = await this.#source.next();
        if (step.done === true) this.#ended = true;
        this.#chunk = step.done === true ? [] : step.value;
        this.#at = 0;
      } catch (error) {
        // A source that failed has already closed itself.
        this.#ended = true;
        this.#chunk = [];
        throw error;
      }
    }
    return { value: this.#chunk[this.#at++] as T, done: false };
  }

  async #close(): Promise<void> {
    this.#chunk = [];
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }
}
