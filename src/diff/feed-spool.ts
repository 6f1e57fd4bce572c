import { placeOf, type Chunk } from '../flow/chunk.js';
import { keyOf, type Entity, type RecordOf } from '../core/model.js';
import { KeyNumbers } from '../fingerprints/key-numbers.js';
import type { Spool, StateStore } from '../state/store.js';
import { RecordsOfFile } from './records-of-file.js';
import { openSpool } from './open-spool.js';

/** A chunk of a feed as it is spooled. */
interface Spooled<R> {
  readonly records: readonly R[];
  readonly file?: string | undefined;
  readonly lines?: readonly number[] | undefined;
  readonly names?: readonly string[] | undefined;
}

/**
 * The records of a feed, which has to be read to its end before it is known which record of an entity is the last. They are in a spool;
 * in memory are a few tens of bytes for each entity.
 */
export class FeedSpool<E extends Entity> {
  /** The number of records that a later record of the same entity replaces. */
  superseded = 0;
  readonly #entity: E;
  readonly #spool: Spool;
  /** The number of the last record of each entity. */
  readonly #last: KeyNumbers;
  #records = 0;

  private constructor(entity: E, spool: Spool, fingerprintKey: string) {
    this.#entity = entity;
    this.#spool = spool;
    this.#last = new KeyNumbers(fingerprintKey);
  }

  static async open<E extends Entity>(entity: E, state: StateStore): Promise<FeedSpool<E>> {
    return new FeedSpool(entity, await openSpool(state), state.fingerprintKey);
  }

  /**
   * Adds the next records of the feed.
   * @param onRecord - called with the key of each, and its position in the feed
   */
  async add(chunk: Chunk<RecordOf[E]>, onRecord: (key: string, position: number) => void): Promise<void> {
    const before = this.#records;
    for (const [i, record] of chunk.entries()) {
      const key = keyOf(this.#entity, record);
      if (!this.#last.set(key, this.#records++)) this.superseded++;
      onRecord(key, placeOf(chunk, i, before).position);
    }
    const { file, lines, names } = chunk.places ?? {};
    const spooled: Spooled<RecordOf[E]> = {
      records: chunk,
      ...(file !== undefined && { file }),
      ...(lines && { lines: Array.from(lines) }),
      ...(names && { names: Array.from(names) }),
    };
    await this.#spool.add(JSON.stringify(spooled));
  }

  /** The last record of each entity, in the order of the feed, if `isWanted` is true for it. All records of a chunk are from one file. */
  async *last(
    isWanted: (record: RecordOf[E]) => boolean,
  ): AsyncGenerator<Chunk<RecordOf[E]>, void, undefined> {
    let number = 0;
    let kept = new RecordsOfFile<RecordOf[E]>({ file: undefined });
    for await (const text of this.#spool.read()) {
      const { records, file, lines, names } = JSON.parse(text) as Spooled<RecordOf[E]>;
      if (file !== kept.source.file) {
        yield* kept.take();
        kept = new RecordsOfFile({ file });
      }
      for (const [i, record] of records.entries()) {
        if (this.#last.get(keyOf(this.#entity, record)) !== number++ || !isWanted(record)) continue;
        kept.add(record, { line: lines?.[i], name: names?.[i] });
        if (kept.isFull) yield* kept.take();
      }
    }
    yield* kept.take();
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}
