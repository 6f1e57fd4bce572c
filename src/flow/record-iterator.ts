import type { Chunk } from './chunk.js';

/**
 * The records of a flow one by one. An async generator would pay three turns of the queue of promises for each record; this hands
 * out those of a chunk as promises that are kept already, and takes turns for the next chunk alone.
 *
 * It behaves as a generator does: calls are answered in their order, also when several wait; leaving it, by `return` or by
 * `throw`, closes the source behind the calls before; and after the end or a failure there is nothing more.
 */
export class RecordIterator<T> implements AsyncIterableIterator<T> {
  readonly #source: AsyncIterator<Chunk<T>>;
  #chunk: readonly T[] = [];
  #at = 0;
  #ended = false;
  /** The last of the calls that wait; undefined while none does. */
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

  /** Runs a step once those before it are done, however they went. */
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
        // A source that failed has closed itself.
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
