import { CHUNK_SIZE, withPlaces, type Chunk } from '../flow/chunk.js';

/** The place of a record in its source, as far as it is known. */
export interface RecordPlace {
  readonly line?: number | undefined;
  readonly name?: string | undefined;
  readonly position?: number | undefined;
}

/** The file of records; see `Places`. */
export interface RecordSource {
  readonly file: string | undefined;
  readonly isOneOfSeveral?: boolean | undefined;
}

/** Gathers some records of one file, from several chunks, into a chunk. */
export class RecordsOfFile<R> {
  readonly source: RecordSource;
  #records: R[] = [];
  #lines: number[] = [];
  #names: string[] = [];
  #positions: number[] = [];

  constructor(source: RecordSource) {
    this.source = source;
  }

  /** True if the records fill a chunk. */
  get isFull(): boolean {
    return this.#records.length >= CHUNK_SIZE;
  }

  add(record: R, { line, name, position }: RecordPlace): void {
    this.#records.push(record);
    if (line !== undefined) this.#lines.push(line);
    if (name !== undefined) this.#names.push(name);
    if (position !== undefined) this.#positions.push(position);
  }

  /** The chunk of the records since the last call, if there are any. */
  *take(): Generator<Chunk<R>, void, undefined> {
    const [records, lines, names, positions] = [this.#records, this.#lines, this.#names, this.#positions];
    [this.#records, this.#lines, this.#names, this.#positions] = [[], [], [], []];
    if (records.length === 0) return;
    const hasAll = (places: readonly unknown[]) => places.length === records.length;
    yield withPlaces(records, {
      ...this.source,
      lines: hasAll(lines) ? lines : undefined,
      ...(hasAll(names) && { names }),
      ...(hasAll(positions) && { positions }),
    });
  }
}
