import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '../../core/clock.js';
import { StateError } from '../../core/errors.js';
import { BEAT_MS, busy, readHolder, removeHolder, thisHolder, writeHolder, type Holder } from './holder.js';
import { stateFailure } from './state-failure.js';
import { syncDirectory } from './state-files.js';

/** The parts of the environment that {@link WriterPlace} uses. */
interface Environment {
  readonly root: RootDatabase;
  readonly head: Database<unknown, string>;
}

/**
 * Ensures that a state has one writer. The file `holder.json` contains the holder, and a counter that shows that it is alive. The
 * generation in LMDB is authoritative: every opening increases it, and every transaction compares it. So a writer that seemed
 * dead and was replaced cannot write any more.
 */
export class WriterPlace {
  readonly #directory: string;
  readonly #head: Database<unknown, string>;
  readonly #holder: Holder;
  /** The number of this opening. */
  readonly generation: number;
  readonly #beat: NodeJS.Timeout;
  #beats = 0;
  #failure: Error | undefined;

  private constructor(
    directory: string,
    head: Database<unknown, string>,
    holder: Holder,
    generation: number,
  ) {
    this.#directory = directory;
    this.#head = head;
    this.#holder = holder;
    this.generation = generation;
    this.#beat = setInterval(() => this.#rise(), BEAT_MS);
    this.#beat.unref();
  }

  /**
   * Makes this process the writer, in a transaction of LMDB, of which a machine runs one at a time.
   *
   * @param found - the dead holder in the file, if there is one
   * @throws {@link BusyError} if another process became the writer meanwhile
   */
  static acquire(
    directory: string,
    { root, head }: Environment,
    found: Holder | undefined,
    clock: Clock,
  ): WriterPlace {
    const holder = thisHolder(clock);
    let generation = 0;
    let written = false;
    try {
      root.transactionSync(() => {
        const now = readHolder(directory);
        if (now !== undefined && now.id !== found?.id) throw busy(now);
        generation = ((head.get('generation') as number | undefined) ?? 0) + 1;
        head.putSync('generation', generation);
        writeHolder(directory, holder, true);
        written = true;
        syncDirectory(directory);
      });
    } catch (error) {
      // Restores the file: a dead holder in it makes the next opening check the rows.
      if (written && found === undefined) removeHolder(directory);
      else if (written && found !== undefined) writeHolder(directory, found, true);
      throw error;
    }
    return new WriterPlace(directory, head, holder, generation);
  }

  /**
   * Called inside every transaction.
   * @throws {@link StateError} if another process is the writer, or if the last beat failed and its error was not reported yet
   */
  requireKept(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    if (this.#head.get('generation') === this.generation) return;
    throw new StateError('another writer has taken this state over', { code: 'ERR_ROLLCALL_STATE_LOST' });
  }

  /** Removes the holder file, unless another process is the holder by now. */
  release(): void {
    clearInterval(this.#beat);
    if (readHolder(this.#directory)?.id === this.#holder.id) removeHolder(this.#directory);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Raises the counter. An error is reported by the next write or by `release`, unless a later beat succeeds. */
  #rise(): void {
    try {
      const now = readHolder(this.#directory);
      if (now !== undefined && now.id !== this.#holder.id) return;
      writeHolder(this.#directory, { ...this.#holder, beats: ++this.#beats }, false);
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = stateFailure('the sign of life cannot be written', this.#directory, cause);
    }
  }
}
