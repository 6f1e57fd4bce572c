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
  /** True if some rows have a text, and some have none. */
  readonly isInSomeRows: boolean;
  /** The forms of a date that all its texts have. */
  readonly dateForms: readonly string[];
  /** The separator of lists in its cells. */
  readonly separator: string | undefined;
  /** Words such as `NULL` in place of a value. */
  readonly missingWords: readonly string[];
}

/** @param counts - the number of rows with each value */
export function columnSample(counts: ReadonlyMap<string, number>, rows: number): ColumnSample {
  const values = new Map([...counts].sort(([, a], [, b]) => b - a));
  const texts = [...counts.keys()].filter((text) => text.trim() !== '' && !isMissingWord(text));
  return {
    values: values.size > MOST_VALUES ? undefined : values,
    isUnique: new Set([...counts.keys()].map((text) => text.trim())).size === rows && !counts.has(''),
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
