import { readForm } from '../mapping/dates.js';
import { isMissingWord } from '../mapping/missing-words.js';

/** The most values of a column that are counted. */
const MOST_VALUES = 20;
const DATE_FORMS = ['YYYY-MM-DD', 'D.M.YYYY', 'D/M/YYYY', 'M/D/YYYY', 'YYYY/MM/DD'];
/** Separators of lists in one cell, the most certain first. */
const SEPARATORS = [';', '|', ','];

/** The values of a column in the first rows of a file. */
export interface ColumnSample {
  /** The number of rows with each value, the most frequent first; undefined if there are more than twenty. */
  readonly values: ReadonlyMap<string, number> | undefined;
  /** True if no row has an empty cell, and no two rows the same. */
  readonly isUnique: boolean;
  /** The rows that keep the column from being unique. */
  readonly faults: ColumnFaults;
  /** True if some rows have a text, and some have none. */
  readonly isInSomeRows: boolean;
  /** The forms of a date that all its texts have. */
  readonly dateForms: readonly string[];
  /** The separator of lists in its cells. */
  readonly separator: string | undefined;
  /** Words such as `NULL` in place of a value. */
  readonly missingWords: readonly string[];
}

/** Rows with an empty cell, and rows with the value of an earlier one: how many, and the numbers of the first, from 1. */
export interface ColumnFaults {
  readonly empty: number;
  readonly firstEmpty: number | undefined;
  readonly repeated: number;
  /** The row that has the value first, and the one that repeats it. */
  readonly firstRepeated: readonly [first: number, repeated: number] | undefined;
}

/** Finds the rows that keep a column from being unique. */
export class FaultCounter {
  readonly #rows = new Map<string, number>();
  #empty = 0;
  #firstEmpty: number | undefined;
  #repeated = 0;
  #firstRepeated: readonly [number, number] | undefined;

  /** @param row - its number, from 1 */
  add(cell: string, row: number): void {
    const text = cell.trim();
    const first = this.#rows.get(text);
    if (text === '') {
      this.#empty++;
      this.#firstEmpty ??= row;
    } else if (first !== undefined) {
      this.#repeated++;
      this.#firstRepeated ??= [first, row];
    } else this.#rows.set(text, row);
  }

  get faults(): ColumnFaults {
    const [empty, firstEmpty] = [this.#empty, this.#firstEmpty];
    return { empty, firstEmpty, repeated: this.#repeated, firstRepeated: this.#firstRepeated };
  }
}

const NO_FAULTS: ColumnFaults = new FaultCounter().faults;

/** @param counts - the number of rows with each value */
export function columnSample(
  counts: ReadonlyMap<string, number>,
  rows: number,
  faults: ColumnFaults = NO_FAULTS,
): ColumnSample {
  const values = new Map([...counts].sort(([, a], [, b]) => b - a));
  const texts = [...counts.keys()].filter((text) => text.trim() !== '' && !isMissingWord(text));
  return {
    values: values.size > MOST_VALUES ? undefined : values,
    isUnique: new Set([...counts.keys()].map((text) => text.trim())).size === rows && !counts.has(''),
    faults,
    isInSomeRows: texts.length > 0 && texts.reduce((sum, text) => sum + (counts.get(text) ?? 0), 0) < rows,
    dateForms: DATE_FORMS.filter((form) => isForm(form, texts)),
    separator: SEPARATORS.find((separator) => texts.some((text) => isList(text, separator))),
    missingWords: [...counts.keys()].map((text) => text.trim()).filter(isMissingWord),
  };
}

/** A name of LDAP, such as `CN=Sales,OU=Groups`, is no list. */
function isList(text: string, separator: string): boolean {
  return text.includes(separator) && !(separator === ',' && /^\w+=/.test(text));
}

function isForm(form: string, texts: readonly string[]): boolean {
  const read = readForm(form);
  return texts.length > 0 && texts.every((text) => read?.(text) !== undefined);
}
