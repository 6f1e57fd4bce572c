import type { RootDatabase } from 'lmdb';
import { stateFailure } from './state-failure.js';

/** A change of the tables that waits for its turn. */
interface Waiting {
  readonly name: string;
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The one way by which anything is written: changes take effect in the order in which they are asked for, and those that are
 * asked for in one turn of the event loop share a transaction and a wait for the disk. A change that throws leaves nothing
 * behind and does not touch its neighbours; when the transaction cannot be committed, all of it fail, and none has happened.
 *
 * It uses LMDB's synchronous transactions: these throw where they fail, and what was committed is on disk, power loss
 * included, when the call returns.
 */
export class WriteQueue {
  readonly #root: RootDatabase;
  readonly #path: string;
  readonly #check: () => void;
  #waiting: Waiting[] = [];

  /**
   * @param path - the state's directory, for errors
   * @param check - called at the start of each transaction; what it throws fails all of it
   */
  constructor(root: RootDatabase, path: string, check: () => void) {
    this.#root = root;
    this.#path = path;
    this.#check = check;
  }

  /** Resolves with the answer of the change once it is on disk. */
  write<T>(name: string, change: () => T): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ name, change, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.flush());
    }) as Promise<T>;
  }

  /** Writes what waits, now. */
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

  /** Makes one change in a transaction of its own inside the common one; answers what to report once that is committed. */
  #attempt({ name, change, resolve, reject }: Waiting): () => void {
    try {
      let value: unknown;
      // The callback returns nothing: a promise would make the transaction wait for it.
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
