import type { Entity } from '../core/model.js';
import type { AttributeLimit } from '../core/limits.js';
import type { RecordFields, FieldsOf } from './declared-mapping.js';

/**
 * Of a large directory nearly every row is unchanged. A row whose fingerprint is among those that Okta was confirmed to hold
 * needs no parsing, no record and no comparison: it is *settled*. A screen settles rows from their bytes; whatever it is
 * not sure of goes the records' own way, which has the last word. `diff` asks its source for that (databases call
 * it predicate pushdown), and stages between hand the request on when they can: `map` with a function whose fields are
 * known, and `validate`.
 */
export interface ScreenRequest {
  readonly entity: Entity;
  /** Rows are compared as the bytes they are; `salt` stands for all else that the records depend on. */
  readonly raw: { readonly salt: string } | undefined;
  readonly fields?: FieldsOf;
  readonly rules?: FieldRules;
  /** Told of rows that were settled, before anything that comes after them. */
  readonly onSettled: readonly ((rows: number) => void)[];
  /** Makes the screen for rows of this shape, with so many threads of its own; undefined when they cannot be screened. */
  open(shape: RowShape, threads: number): RowScreen | undefined;
}

/** What rows look like. */
export interface RowShape {
  readonly format: 'csv' | 'json-lines' | 'cells';
  /** CSV and cells: the names of the cells of a row, undefined for one that is left out. */
  readonly columns: readonly (string | undefined)[];
  readonly delimiter: string;
  readonly fields: RecordFields | undefined;
  readonly rules: FieldRules | undefined;
  /** Raw rows of CSV: the header as it stands. */
  readonly header: string;
}

/** The limits that `validate` holds the records of an entity to. */
export interface FieldRules {
  readonly limits: ReadonlyMap<string, AttributeLimit>;
  readonly required: readonly string[];
}

/** Rows of a block, in order. */
export interface ScreenedRows {
  readonly count: number;
  /** Where the last whole row ends in its buffer. */
  readonly consumed: number;
  /** What follows is not in order: the source's own reading is to go on there. */
  readonly stopped: boolean;
  /** The line on which the next row begins. */
  readonly nextLine: number;
  /** Whether a row's fingerprint is known. */
  isKnown(row: number): boolean;
  /** Marks a row as seen; false when it was before, and this one is another of the same content. */
  settle(row: number): boolean;
  /** Where it begins in its buffer. */
  start(row: number): number;
  end(row: number): number;
  /** The 1-based line on which it begins. */
  line(row: number): number;
  /** The row's fingerprint, of raw rows. */
  print(row: number): string;
}

/** Bytes of a block, and so of a row that can be screened. */
export const SCREENED_BYTES = 512 * 1024;

/** Screens blocks of rows, several at a time. */
export interface RowScreen {
  /** Where the bytes of blocks are put. */
  readonly buffers: readonly Buffer[];
  /** Where the last row that seems whole ends among the first bytes of a buffer; 0 when there is none. */
  wholeRows(buffer: number, length: number): number;
  /** Begins to screen a buffer's first bytes. The answer waits for it; what it says holds until the buffer is used again. */
  begin(buffer: number, length: number, last: boolean): (firstLine: number) => Promise<ScreenedRows>;
  /** Goes on behind the rows that were told of a buffer, where there were more than are told at once. */
  next(buffer: number, start: number, length: number, last: boolean, firstLine: number): ScreenedRows;
  close(): Promise<void>;
}

/** Users and groups that a run removes. */
export interface RemovedReferences {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Opens a source with rows that are settled left out; undefined when it cannot. */
export type OpenScreened<T> = (request: ScreenRequest) => AsyncIterable<readonly T[]> | undefined;

const SCREENED = Symbol('screened');

/** Says of a flow how it is opened with a screen. */
export function withScreened<F extends object, T>(flow: F, open: OpenScreened<T> | undefined): F {
  if (open !== undefined) (flow as { [SCREENED]?: OpenScreened<T> })[SCREENED] = open;
  return flow;
}

/** How a flow is opened with a screen, if it can be. */
export function screenedOf<T>(flow: object): OpenScreened<T> | undefined {
  return (flow as { [SCREENED]?: OpenScreened<T> })[SCREENED];
}
