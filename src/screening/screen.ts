import type { Entity } from '../core/model.js';
import { contextOf, flowOf, openScreenedOf, type Chunks, type Flow } from '../flow/flow.js';
import type { AttributeLimit } from '../core/limits.js';
import type { DeclaredMapping, MappingOf } from '../core/declared-mapping.js';

/**
 * Requests a flow without unchanged rows (databases call this predicate pushdown). `diff` sends the request to its source. The
 * stages between them add to it and pass it on: `map` adds the mapping that its function declares, `validate` its limits.
 *
 * A *screen* recognises unchanged rows by hashing their bytes, so that they are never parsed. It may only answer "certainly
 * unchanged". Every other row is parsed, validated and compared as usual.
 */
export interface ScreenRequest {
  readonly entity: Entity;
  readonly mapping?: MappingOf;
  readonly rules?: FieldRules;
  /** Called with the number of rows that were left out, before the records that come after them are emitted. */
  readonly onUnchanged: readonly ((rows: number) => void)[];
  /**
   * Called with each unchanged row of a source of several files that is marked as seen: the first two words of its digest, and its
   * place.
   */
  readonly onSeen?: (first: number, second: number, file: string | undefined, line: number) => void;
  /** True if the source has several files. @defaultValue `false` */
  readonly isOneOfSeveral?: boolean;
  /**
   * Creates a screen with this many worker threads; undefined if rows of this shape cannot be screened. Without it, only a source in the
   * database of the state can recognise unchanged rows.
   */
  readonly open?: (shape: RowShape, threads: number) => RowScreen | undefined;
  /** The comparison of the state, for a source in its database. */
  readonly comparison?: object;
  /** Users and groups that this run creates or removes. Their memberships must not be left out. */
  readonly changed?: ChangedReferences;
  /** A text that is another one if `validate` could accept or convert records in another way. */
  readonly validation?: string;
}

/** The format of the rows of a file, and how they become records. */
export interface RowShape {
  readonly format: 'csv' | 'json-lines';
  /** CSV: the names of the columns; undefined for a column that is not read. */
  readonly columns: readonly (string | undefined)[];
  readonly delimiter: string;
  /** The longest row that the source accepts, in characters. */
  readonly maxRecordLength: number;
  readonly mapping: DeclaredMapping | undefined;
  readonly rules: FieldRules | undefined;
}

/** The limits by which `validate` checks the records of an entity. */
export interface FieldRules {
  readonly limits: ReadonlyMap<string, AttributeLimit>;
  readonly required: readonly string[];
}

/** The external ids of the users and groups that a run creates or removes: their memberships are compared as records. */
export interface ChangedReferences {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Reads one file without its unchanged rows. */
export interface RowScreen {
  /** The records of all rows that are not certainly unchanged, in order. A screen can be used once. */
  rows<T>(input: ScreenedInput<T>): Chunks<T>;
}

/** A file after its header. */
export interface ScreenedInput<T> {
  /** Reads bytes into a buffer. Returns how many; 0 at the end; -1 if the input continues as text, or cannot be read. */
  read(into: Buffer): Promise<number>;
  /** Bytes after the header that are already read. */
  readonly first: Uint8Array;
  readonly firstLine: number;
  readonly file: string | undefined;
  readonly request: ScreenRequest;
  readonly reader: RowReader<T>;
}

/** The functions of a source that read rows without a screen. */
export interface RowReader<T> {
  /** Calls `pass` with the record of each row, in order; with undefined for a row without a record (a blank line of JSON lines). */
  parse(bytes: Buffer, firstLine: number, last: boolean, pass: (record: T | undefined) => void): void;
  /** Reads these bytes and the rest of the file, as the source does without a screen. */
  rest(before: readonly Uint8Array[], firstLine: number): Chunks<T>;
}

/** The screened rows of a block, in order. */
export interface ScreenedRows {
  readonly count: number;
  /** The end of the last whole row, as an offset in the buffer. */
  readonly consumed: number;
  /** True if the next row is not well-formed: the source reads the rest of the file, and reports the error. */
  readonly stopped: boolean;
  /** The line of the next row. */
  readonly nextLine: number;
  isUnchanged(row: number): boolean;
  /** Marks an unchanged row as seen. Returns false if a row of the same content was marked before. */
  markSeen(row: number): boolean;
  /** One of the four words of the digest of a row. */
  digestWord(row: number, word: number): number;
  /** The start of a row, as an offset in the buffer. */
  start(row: number): number;
  /** The end of a row, as an offset in the buffer. */
  end(row: number): number;
  /** The line on which a row begins; the first line is 1. */
  line(row: number): number;
}

/** Opens a flow without its unchanged rows; undefined if they cannot be recognised. */
export type OpenScreened<T> = (request: ScreenRequest) => Chunks<T> | undefined;

/** The function that opens a flow without its unchanged rows, if the flow has one. */
export function screenedOf<T>(flow: Flow<T>): OpenScreened<T> | undefined {
  return openScreenedOf(flow) as OpenScreened<T> | undefined;
}

/**
 * The flow of a stage. It can also be opened without unchanged rows, if its source can.
 * @param request - adds the stage's part to a request; returns undefined if unchanged rows cannot be left out before it
 */
export function stageOf<A, B>(
  source: Flow<A>,
  stage: (chunks: Chunks<A>) => Chunks<B>,
  request: (request: ScreenRequest) => ScreenRequest | undefined,
): Flow<B> {
  const open = screenedOf(source);
  const openScreened: OpenScreened<B> = (received) => {
    const passedOn = request(received);
    const rows = passedOn && open?.(passedOn);
    return rows && stage(rows);
  };
  return flowOf(() => stage(source.chunks()), contextOf(source), open && openScreened);
}
