import type { Entity } from '../../core/model.js';
import { similarTo } from '../text/nearest.js';
import { Fault, textOf, type Row } from './cells.js';
import type { ComparedWord, Condition } from './condition.js';

/** The most values of a column that are counted one by one. */
const MOST_VALUES = 20;

/** The values that the conditions of a mapping met in one column. */
export interface MetValues {
  readonly entity: Entity;
  readonly column: string;
  /** The number of rows with each value, the most frequent first; undefined if there are more than twenty. */
  readonly values: ReadonlyMap<string, number> | undefined;
}

/** A text of a condition that no row has, and a value of the rows that is similar. */
export interface NearValue {
  readonly entity: Entity;
  readonly column: string;
  readonly text: string;
  readonly value: string;
}

/**
 * Counts the values that conditions compare with texts, such as those of a status column. A person sees by them that a condition
 * forgets a value, or that one is written in two ways.
 */
export class ConditionValues {
  readonly #counts: {
    readonly entity: Entity;
    readonly column: string;
    readonly rows: Map<string, number>;
    readonly words: readonly ComparedWord[];
  }[] = [];

  /** A function that counts a row of an entity; undefined if the condition compares no texts. */
  counter(entity: Entity, condition: Condition | undefined): ((row: Row) => void) | undefined {
    const columns = [...new Set(condition?.compared)];
    if (columns.length === 0) return undefined;
    const counts = columns.map((column) => ({
      entity,
      column,
      rows: new Map<string, number>(),
      words: condition?.words.filter((word) => word.column === column) ?? [],
    }));
    this.#counts.push(...counts);
    return (row) => {
      for (const { column, rows } of counts) {
        const value = textOf(row, column, '');
        if (value instanceof Fault || rows.size > MOST_VALUES) continue;
        rows.set(value, (rows.get(value) ?? 0) + 1);
      }
    };
  }

  /** The texts of conditions that no row has although one has a similar value, which may be what was meant. */
  near(): readonly NearValue[] {
    return this.#counts.flatMap(({ entity, column, rows, words }) => {
      if (rows.size > MOST_VALUES) return [];
      const values = [...rows.keys()];
      return words.flatMap(({ word, isMet }) => {
        if (word === '' || values.some(isMet)) return [];
        // A value that is another text of the condition is meant as it is.
        const others = values.filter((value) => !words.some((other) => other.isMet(value)));
        const value = similarTo(word, others);
        return value === undefined ? [] : [{ entity, column, text: word, value }];
      });
    });
  }

  /** The values of all columns with rows. */
  all(): readonly MetValues[] {
    return this.#counts
      .filter(({ rows }) => rows.size > 0)
      .map(({ entity, column, rows }) => ({
        entity,
        column,
        values: rows.size > MOST_VALUES ? undefined : new Map([...rows].sort(([, a], [, b]) => b - a)),
      }));
  }
}
