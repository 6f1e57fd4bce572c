import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import type { Flow } from '../../flow/flow.js';
import { watchRows, type RowWatcher } from '../../sources/watch-rows.js';
import type { FlatRow } from '../../transform/to-records.js';
import { hasCell } from '../mapping/cells.js';
import { nearest } from '../text/nearest.js';

/**
 * The rows of an input, unless no record has a column that the mapping needs. For CSV the header shows this; a JSON object without
 * a property counts as one with an empty value, so that a property with another name would empty an attribute of everybody.
 *
 * Rows that are left out because they are unchanged have the columns that they had before.
 */
export function requireProperties(
  rows: Flow<FlatRow>,
  names: readonly string[],
  input: string,
): Flow<FlatRow> {
  return watchRows(rows, () => new Search(names, input));
}

/** Looks for columns that no record has. */
class Search implements RowWatcher<FlatRow> {
  #missing: readonly string[];
  readonly #input: string;
  readonly #others = new Set<string>();

  constructor(names: readonly string[], input: string) {
    this.#missing = names;
    this.#input = input;
  }

  onUnchanged(count: number): void {
    if (count > 0) this.#missing = [];
  }

  onRows(rows: readonly FlatRow[]): void {
    for (const row of rows) {
      if (this.#missing.length === 0) return;
      this.#missing = this.#missing.filter((name) => !hasCell(row, name));
      if (this.#missing.length > 0 && this.#others.size < MOST_NAMES) addNames(row, '', this.#others);
    }
  }

  /** @throws {@link SourceError} if there were records, and none had one of the columns */
  onEnd(): void {
    const [name] = this.#missing;
    if (name === undefined || this.#others.size === 0) return;
    throw new SourceError(
      `no record has the property ${quoted(name)}, which the mapping needs${nearest(name, [...this.#others])}`,
      { file: this.#input },
    );
  }
}

/** The most names of properties that are kept for a hint. */
const MOST_NAMES = 200;

/** Adds the names of the properties of a record, and of objects in it, such as `dept.name`. */
function addNames(row: object, before: string, names: Set<string>): void {
  for (const [name, value] of Object.entries(row)) {
    names.add(before + name);
    if (before === '' && typeof value === 'object' && value !== null && !Array.isArray(value))
      addNames(value as object, `${name}.`, names);
  }
}
