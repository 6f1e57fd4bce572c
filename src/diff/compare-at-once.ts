import type { Chunk } from '../flow/chunk.js';
import { StateError } from '../core/errors.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../core/model.js';
import { Seen, type DifferingRecord, type Spool, type WholeComparison } from '../state/store.js';
import type { Prepared } from './comparer.js';
import { openSpool } from './open-spool.js';
import type { Read } from './read.js';
import { RecordsOfFile, type RecordPlace, type RecordSource } from './records-of-file.js';
import { decodeHead, encodeRecords, linesOf, placeAt, type SpooledHead } from './spooled-records.js';

const DIGEST_WORDS = 4;

/**
 * Compares the records of a source with a {@link WholeComparison}. It is known only at the end of the source which of them differ, so all
 * of them wait in a spool, which is on disk if they are many. Then those that differ are read from it, and become changes as if they had
 * been compared one after another; the others are only counted.
 */
export class ComparisonAtOnce<E extends Entity> {
  readonly #read: Read<E>;
  readonly #comparison: WholeComparison;
  readonly #spool: Spool;

  private constructor(read: Read<E>, comparison: WholeComparison, spool: Spool) {
    this.#read = read;
    this.#comparison = comparison;
    this.#spool = spool;
  }

  static async open<E extends Entity>(
    read: Read<E>,
    comparison: WholeComparison,
  ): Promise<ComparisonAtOnce<E>> {
    return new ComparisonAtOnce(read, comparison, await openSpool(read.state));
  }

  /** Adds the next records of the source. */
  async add(records: Chunk<RecordOf[E]>): Promise<void> {
    const { entity, comparer } = this.#read;
    const prepared = await comparer.prepare(records);
    const compared = comparedOf(prepared);
    if (compared.length === 0) return;
    const { chunk, digests, first } = prepared;
    await this.#comparison.add(
      compared.length === chunk.length ? digests : pickDigests(digests, compared),
      (place) => keyOf(entity, chunk[compared[place] as number] as RecordOf[E]),
    );
    await this.#spool.add(encodeRecords(records, compared, first, this.#neededOf(prepared, compared)));
  }

  /** The places of records that are needed even if they are unchanged; `'all'` if all of them are. */
  #neededOf({ chunk }: Prepared<E>, compared: readonly number[]): 'all' | readonly number[] {
    const { entity, comparer } = this.#read;
    // The names of their attributes are learned, or records of several files are compared with each other.
    if (comparer.known?.isComplete === false || chunk.places?.isOneOfSeveral === true) return 'all';
    if (entity !== 'memberships') return [];
    const again = new Set(comparer.memberships.ofCreated(chunk as Chunk<RecordOf['memberships']>));
    return again.size === 0
      ? []
      : Array.from(compared.keys()).filter((i) => again.has(compared[i] as number));
  }

  /** The changes, in the order of the source. */
  async *changes(): AsyncGenerator<Change[], void, undefined> {
    const { comparer } = this.#read;
    for await (const { chunk, codes } of this.#needed()) yield comparer.changes(chunk, codes);
  }

  /** The records that differ or are needed, in the order of the source, with their codes. The others are counted. */
  async *#needed(): AsyncGenerator<
    { readonly chunk: Chunk<RecordOf[E]>; readonly codes: Uint8Array },
    void,
    undefined
  > {
    const differing = new DifferingRecords(this.#comparison.end());
    let records = new CodedRecords<RecordOf[E]>({});
    let start = 0;
    for await (const text of this.#spool.read()) {
      const head = decodeHead(text);
      const codes = await codesOf(head, start, differing);
      start += head.count;
      this.#read.counts.unchanged += head.count - codes.size;
      if (codes.size === 0) continue;
      if (!records.isOf(head)) {
        yield* records.take();
        records = new CodedRecords(head);
      }
      const lines = linesOf(text);
      for (const [i, code] of codes) {
        records.add(JSON.parse(lines[i] as string) as RecordOf[E], placeAt(head, i), code);
        if (records.isFull) yield* records.take();
      }
    }
    await differing.requireEnd();
    yield* records.take();
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}

/** The indexes of the records that are compared. */
function comparedOf({ chunk, dropped }: Prepared<Entity>): readonly number[] {
  const all = Array.from(chunk.keys());
  return dropped.size === 0 ? all : all.filter((i) => !dropped.has(i));
}

function pickDigests(digests: Uint32Array, indexes: readonly number[]): Uint32Array {
  const picked = new Uint32Array(indexes.length * DIGEST_WORDS);
  for (const [i, index] of indexes.entries())
    picked.set(digests.subarray(index * DIGEST_WORDS, (index + 1) * DIGEST_WORDS), i * DIGEST_WORDS);
  return picked;
}

/** By index, in order, the codes of the records that differ or are needed. @param start - the place of the first record */
async function codesOf(
  { count, needed }: SpooledHead,
  start: number,
  differing: DifferingRecords,
): Promise<ReadonlyMap<number, number>> {
  const codes = new Map<number, number>();
  const places = needed === 'all' ? Array.from({ length: count }, (_, i) => i) : (needed ?? []);
  for (const place of places) codes.set(place, Seen.SAME);
  for (let next = await differing.before(start + count); next; next = await differing.before(start + count))
    codes.set(next.place - start, next.code);
  return places.length === 0 ? codes : new Map([...codes].sort(([a], [b]) => a - b));
}

/** The records that differ, one after another. */
class DifferingRecords {
  readonly #chunks: AsyncIterator<readonly DifferingRecord[]>;
  #chunk: readonly DifferingRecord[] = [];
  #next = 0;

  constructor(chunks: AsyncIterable<readonly DifferingRecord[]>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next one, if it comes before this place. */
  async before(place: number): Promise<DifferingRecord | undefined> {
    while (this.#next === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      [this.#chunk, this.#next] = [next.value, 0];
    }
    const next = this.#chunk[this.#next] as DifferingRecord;
    if (next.place >= place) return undefined;
    this.#next++;
    return next;
  }

  /** @throws {@link StateError} if there are more: the store returned places of records that it did not get, or in another order */
  async requireEnd(): Promise<void> {
    if ((await this.before(Infinity)) !== undefined)
      throw new StateError('the state compared other records than it was given');
  }
}

/** Records of one file with their codes. */
class CodedRecords<R> {
  readonly #source: RecordSource;
  readonly #records: RecordsOfFile<R>;
  #codes: number[] = [];

  constructor({ file, isOneOfSeveral }: Partial<RecordSource>) {
    this.#source = { file, isOneOfSeveral };
    this.#records = new RecordsOfFile(this.#source);
  }

  /** True for records that may be in one chunk with these. */
  isOf({ file, isOneOfSeveral }: Partial<RecordSource>): boolean {
    return file === this.#source.file && isOneOfSeveral === this.#source.isOneOfSeveral;
  }

  get isFull(): boolean {
    return this.#records.isFull;
  }

  add(record: R, place: RecordPlace, code: number): void {
    this.#records.add(record, place);
    this.#codes.push(code);
  }

  /** The records since the last call, if there are any. */
  *take(): Generator<{ readonly chunk: Chunk<R>; readonly codes: Uint8Array }, void, undefined> {
    const codes = Uint8Array.from(this.#codes);
    this.#codes = [];
    for (const chunk of this.#records.take()) yield { chunk, codes };
  }
}
