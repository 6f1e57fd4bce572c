import type { RootDatabase } from 'lmdb';
import { stateFailure } from './state-failure.js';

/** A change of the tables in the queue. */
interface Waiting {
  readonly name: string;
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The queue through which all writes go. Changes are applied in the order of the calls. The changes of one turn of the event loop
 * share a transaction, and one wait for the disk. If a change throws, it alone is undone and rejected. If the transaction cannot
 * be committed, all its changes are undone and rejected.
 *
 * It uses LMDB's synchronous transactions, because they throw where they fail. When the call returns, the transaction is on disk
 * and survives a loss of power.
 */
export class WriteQueue {
  readonly #root: RootDatabase;
  readonly #path: string;
  readonly #check: () => void;
  #waiting: Waiting[] = [];

  /**
   * @param path - the directory of the state, for errors
   * @param check - called at the start of each transaction; if it throws, all changes of the transaction fail
   */
  constructor(root: RootDatabase, path: string, check: () => void) {
    this.#root = root;
    this.#path = path;
    this.#check = check;
  }

  /** Adds a change to the queue. Resolves with the result of the change when it is on disk. */
  write<T>(name: string, change: () => T): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ name, change, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.flush());
    }) as Promise<T>;
  }

  /** Writes all changes of the queue now. */
  flush(): void {
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    const outcomes: (() => void)[] = [];
    try {
      this.#root.transactionSync(() => {
        this.#check();
        for (const write of writes) outcomes.push(this.#attempt(write));
      });
    } catch (error) {
      for (const { name, reject } of writes) reject(this.#failure(name, error));
      return;
    }
    for (const report of outcomes) report();
  }

  /** Runs a change in a nested transaction. Returns a function that settles its promise, to be called after the commit. */
  #attempt({ name, change, resolve, reject }: Waiting): () => void {
    try {
      let value: unknown;
      // The callback must not return the value: if it were a promise, LMDB would wait for it.
      void this.#root.childTransaction(() => {
        value = change();
      });
      return () => resolve(value);
    } catch (error) {
      return () => reject(this.#failure(name, error));
    }
  }

  #failure(name: string, cause: unknown): Error {
    return stateFailure(`the state could not be written (${name})`, this.#path, cause);
  }
}
