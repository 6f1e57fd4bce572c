import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '../../core/clock.js';
import { StateError } from '../../core/errors.js';
import { BEAT_MS, busy, readHolder, removeHolder, thisHolder, writeHolder, type Holder } from './holder.js';
import { stateFailure } from './state-failure.js';
import { syncDirectory } from './state-files.js';

/** The parts of a state's environment that the place needs. */
interface Environment {
  readonly root: RootDatabase;
  readonly head: Database<unknown, string>;
}

/**
 * The place of a state's one writer. The file `holder.json` says who has it, and its counter that the holder lives. The number
 * of the generation inside LMDB decides: it rises whenever the place is taken, and every transaction compares it, so that a
 * writer who was taken for dead writes nothing more.
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
   * Takes the place, in one transaction of LMDB, of which there is one at a time on a machine.
   *
   * @param found - the dead holder that is entered, if any
   * @throws {@link BusyError} when another opener was faster
   */
  static take(
    directory: string,
    { root, head }: Environment,
    found: Holder | undefined,
    clock: Clock,
  ): WriterPlace {
    const holder = thisHolder(clock);
    let generation = 0;
    let entered = false;
    try {
      root.transactionSync(() => {
        const now = readHolder(directory);
        if (now !== undefined && now.id !== found?.id) throw busy(now);
        generation = ((head.get('generation') as number | undefined) ?? 0) + 1;
        head.putSync('generation', generation);
        writeHolder(directory, holder, true);
        entered = true;
        syncDirectory(directory);
      });
    } catch (error) {
      // The next opener must find what this one found: a dead holder means that the rows are still to be checked.
      if (entered && found === undefined) removeHolder(directory);
      else if (entered && found !== undefined) writeHolder(directory, found, true);
      throw error;
    }
    return new WriterPlace(directory, head, holder, generation);
  }

  /**
   * Called inside every write.
   * @throws {@link StateError} when the place was taken, or when the last beat failed and nobody has heard of that
   */
  requireKept(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    if (this.#head.get('generation') === this.generation) return;
    throw new StateError('another writer has taken this state over', { code: 'ERR_ROLLCALL_STATE_LOST' });
  }

  /** Gives the place up; one that was taken over stays with its new holder. */
  release(): void {
    clearInterval(this.#beat);
    if (readHolder(this.#directory)?.id === this.#holder.id) removeHolder(this.#directory);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** A beat that failed is reported by the next write or by the close, unless a later one succeeds. */
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
