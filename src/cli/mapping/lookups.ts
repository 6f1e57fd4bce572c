import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { contextOf, type Flow } from '../../flow/flow.js';
import { Fault, textOf, type Row } from './cells.js';

/** The most rows of one lookup. */
const MOST_ROWS = 2_000_000;
/** The most characters of the keys and columns of one lookup. */
const MOST_CHARACTERS = 200_000_000;

/**
 * An input that expressions look up by a key: `lookup('departments', row.dept, 'name')`. It is read once in a run, before the first row
 * that needs it, and only the key and the columns that expressions name stay in memory: about 150 bytes for each row, and its texts. At
 * most two million rows, and 200 million characters.
 */
export class Lookup {
  readonly #columns = new Set<string>();
  #rows: Map<string, readonly string[] | undefined> | undefined;
  #order: readonly string[] = [];
  #files: number | undefined;

  /**
   * @param name - the input
   * @param key - the column of the key
   * @param place - where the mapping declares it
   */
  constructor(
    readonly name: string,
    readonly key: string,
    readonly place: string,
  ) {}

  /** The columns that the input must have. */
  get columns(): readonly string[] {
    return [this.key, ...this.#columns];
  }

  /** True if an expression uses it. */
  get isUsed(): boolean {
    return this.#columns.size > 0;
  }

  /** The number of files that it was read from; undefined for an input that has none, and before it is loaded. */
  get files(): number | undefined {
    return this.#files;
  }

  /** Keeps another column. Called while expressions are compiled. */
  use(column: string): void {
    this.#columns.add(column);
  }

  /** @throws {@link SourceError} for an input that is too large, or has a value that is no text */
  async load(open: () => Flow<Row>): Promise<void> {
    if (this.#rows !== undefined) return;
    const rows = open();
    const loaded = new Map<string, readonly string[] | undefined>();
    this.#order = [...this.#columns];
    let characters = 0;
    for await (const chunk of rows.chunks()) {
      for (const row of chunk) {
        const [key = '', ...values] = [this.key, ...this.#order].map((column) => this.#text(row, column));
        if (key.trim() === '') continue;
        const before = loaded.get(key);
        if (!loaded.has(key)) {
          loaded.set(key, values);
          characters += values.reduce((sum, value) => sum + value.length, key.length);
        } else if (before?.some((value, i) => value !== values[i]) === true) loaded.set(key, undefined);
      }
      if (loaded.size > MOST_ROWS || characters > MOST_CHARACTERS)
        throw new SourceError(
          `the lookup ${quoted(this.name)} has more than ${MOST_ROWS} rows or ${MOST_CHARACTERS} characters, which would not fit into memory; join the data in the source instead`,
          {},
        );
    }
    if (loaded.size === 0)
      throw new SourceError(`the lookup ${quoted(this.name)} has no row with a key; check its input`, {});
    this.#rows = loaded;
    this.#files = contextOf(rows).sourceFiles;
  }

  /** The text of a column in the row with a key; undefined if there is no such row. A key of rows that differ has a fault. */
  find(key: string, column: string): string | Fault | undefined {
    if (this.#rows === undefined) return new Fault('LOOKUP', `the lookup ${quoted(this.name)} is not loaded`);
    if (!this.#rows.has(key)) return undefined;
    const values = this.#rows.get(key);
    return (
      values?.[this.#order.indexOf(column)] ??
      new Fault('LOOKUP_AMBIGUOUS', `has several different rows in the lookup ${quoted(this.name)}`)
    );
  }

  #text(row: Row, column: string): string {
    const text = textOf(row, column, this.place);
    if (text instanceof Fault) throw new SourceError(`the lookup ${quoted(this.name)}: ${text.reason}`, {});
    return text;
  }
}

/** The lookups of a mapping, by their names. */
export type Lookups = ReadonlyMap<string, Lookup>;
