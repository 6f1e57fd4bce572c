import type { Fault, Row } from './cells.js';

/** A text with which a condition compares a column. */
export interface ComparedWord {
  readonly column: string;
  readonly word: string;
  /** True for a value of the column that is equal to the text, by the rules of the condition. */
  readonly isMet: (value: string) => boolean;
}

/** Decides whether a row belongs to an entity. */
export interface Condition {
  readonly columns: readonly string[];
  /** Columns that records may lack, because the condition says what that means. */
  readonly optional: readonly string[];
  /** Columns whose values are compared with texts. */
  readonly compared: readonly string[];
  /** The texts with which they are compared. */
  readonly words: readonly ComparedWord[];
  /** A fault if the row cannot be decided: it is then rejected, never left out. */
  of(row: Row): boolean | Fault;
}
