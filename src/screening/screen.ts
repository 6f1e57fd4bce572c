import type { Entity } from '../core/model.js';
import { contextOf, flowOf, openScreenedOf, type Chunks, type Flow } from '../flow/flow.js';
import type { AttributeLimit } from '../core/limits.js';
import type { DeclaredMapping, MappingOf } from '../core/declared-mapping.js';

/**
 * Asks a flow to leave out unchanged rows (databases call it predicate pushdown). `diff` asks its source; the stages in between
 * add what they know and pass the request on: `map` the mapping that its function declares, `validate` its limits.
 *
 * A *screen* recognises unchanged rows by hashing their bytes, so that they are never parsed. It may only answer "certainly
 * unchanged". Every other row is parsed, validated and compared as usual.
 */
export interface ScreenRequest {
  readonly entity: Entity;
  readonly mapping?: MappingOf;
  readonly rules?: FieldRules;
  /** Called with how many rows were left out, before anything that comes after them. */
  readonly onUnchanged: readonly ((rows: number) => void)[];
  /** Makes the screen for rows of this shape, with so many threads of its own; undefined when they cannot be screened. */
  open(shape: RowShape, threads: number): RowScreen | undefined;
}

/** What the rows of a file look like, and how they become records. */
export interface RowShape {
  readonly format: 'csv' | 'json-lines';
  /** CSV: the names of the cells of a row, undefined for one that is left out. */
  readonly columns: readonly (string | undefined)[];
  readonly delimiter: string;
  /** The longest row that the source takes, in characters. */
  readonly maxRecordLength: number;
  readonly mapping: DeclaredMapping | undefined;
  readonly rules: FieldRules | undefined;
}

/** The limits that `validate` checks the records of an entity against. */
export interface FieldRules {
  readonly limits: ReadonlyMap<string, AttributeLimit>;
  readonly required: readonly string[];
}

/** Users and groups that a run removes. */
export interface RemovedReferences {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Leaves out the unchanged rows of one file. */
export interface RowScreen {
  /** The rows that are not certainly unchanged, in order. Ends the screen. */
  rows<T>(input: ScreenedInput<T>): Chunks<T>;
}

/** A file, behind its header. */
export interface ScreenedInput<T> {
  /** Reads bytes into a buffer: how many, 0 at the end, or -1 when what follows has no bytes or cannot be read. */
  read(into: Buffer): Promise<number>;
  /** Bytes that were read already. */
  readonly first: Uint8Array;
  readonly firstLine: number;
  readonly file: string | undefined;
  readonly request: ScreenRequest;
  readonly reader: RowReader<T>;
}

/** How a source reads rows that are not left out. */
export interface RowReader<T> {
  /** Passes on the records of whole rows, in order; undefined for a row that holds none (a blank line of JSON lines). */
  parse(bytes: Buffer, firstLine: number, last: boolean, pass: (record: T | undefined) => void): void;
  /** Reads some bytes and all that follows them in the file as the source does without a screen. */
  rest(before: readonly Uint8Array[], firstLine: number): Chunks<T>;
}

/** Rows of a block, in order. */
export interface ScreenedRows {
  readonly count: number;
  /** Where the last whole row ends in its buffer. */
  readonly consumed: number;
  /** What follows is no row that a screen can read: the source's own reading goes on there. */
  readonly stopped: boolean;
  /** The line on which the next row begins. */
  readonly nextLine: number;
  isUnchanged(row: number): boolean;
  /** Marks an unchanged row as seen; false when one of the same content was seen before. */
  markSeen(row: number): boolean;
  /** Where it begins in its buffer. */
  start(row: number): number;
  end(row: number): number;
  /** The 1-based line on which it begins. */
  line(row: number): number;
}

/** Opens a flow with unchanged rows left out; undefined when it cannot. */
export type OpenScreened<T> = (request: ScreenRequest) => Chunks<T> | undefined;

/** How a flow is opened with unchanged rows left out, where it can be. */
export function screenedOf<T>(flow: Flow<T>): OpenScreened<T> | undefined {
  return openScreenedOf(flow) as OpenScreened<T> | undefined;
}

/**
 * A flow of what `stage` makes of the chunks of another, opened in either way.
 * @param request - adds to a request what the stage knows; undefined when its rows cannot be left out
 */
export function stageOf<A, B>(
  source: Flow<A>,
  stage: (chunks: Chunks<A>) => Chunks<B>,
  request: (request: ScreenRequest) => ScreenRequest | undefined,
): Flow<B> {
  const open = screenedOf(source);
  const openScreened: OpenScreened<B> = (asked) => {
    const passedOn = request(asked);
    const rows = passedOn && open?.(passedOn);
    return rows && stage(rows);
  };
  return flowOf(() => stage(source.chunks()), contextOf(source), open && openScreened);
}
