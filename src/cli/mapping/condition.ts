import type { Fault, Row } from './cells.js';

/** Decides whether a row belongs to an entity. */
export interface Condition {
  readonly columns: readonly string[];
  /** Columns that records may lack, because the condition says what that means. */
  readonly optional: readonly string[];
  /** Columns whose values are compared with texts. */
  readonly compared: readonly string[];
  /** A fault if the row cannot be decided: it is then rejected, never left out. */
  of(row: Row): boolean | Fault;
}
