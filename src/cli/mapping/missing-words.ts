import type { Entity } from '../../core/model.js';

/** Words that programs write for a value that is not there, or that a spreadsheet writes for an error. */
const WORDS: ReadonlySet<string> = new Set(
  [
    ['NULL', 'Null', 'null', '(null)', '<null>', '<NULL>', '\\N', 'nil', 'None', 'NaN', 'undefined'],
    ['N/A', 'n/a', '#N/A', '#REF!', '#VALUE!', '#NAME?', '#DIV/0!', '#NULL!', '#NUM!', '0000-00-00'],
  ].flat(),
);
const LONGEST_WORD = 10;
/** What a script writes for a list or an object: the name of its type. */
const TYPE =
  /^(?:System\.(?:Object|String|Byte|Char|Int32|DBNull|Xml\.\w+|Collections\.[\w.]+)(?:\[\])?|Microsoft\.ActiveDirectory\.Management\.\w+|\[object \w+\]|\{\}|@\{.*\})$/;
const LONGEST_TYPE = 100;

/** How the rows of an attribute had a word in place of a value. */
export interface MissingWord {
  readonly entity: Entity;
  readonly attribute: string;
  /** The word; for the name of a type, what such names are like. Never another text of the source. */
  readonly word: string;
  readonly rows: number;
}

/** Counts the attributes that have such a word in place of a value. Rows that are known to be unchanged are not seen. */
export class MissingWords {
  readonly #found = new Map<string, { -readonly [K in keyof MissingWord]: MissingWord[K] }>();

  add(entity: Entity, profile: Readonly<Record<string, unknown>>): void {
    for (const attribute in profile) {
      const value = profile[attribute];
      if (typeof value !== 'string' || value === '') continue;
      const word = wordOf(value);
      if (word === undefined) continue;
      const id = JSON.stringify([entity, attribute, word]);
      const found = this.#found.get(id);
      if (found === undefined) this.#found.set(id, { entity, attribute, word, rows: 1 });
      else found.rows++;
    }
  }

  /** What was found, the most frequent first. */
  all(): readonly MissingWord[] {
    return [...this.#found.values()].sort((a, b) => b.rows - a.rows);
  }
}

/** True for a word of the list. */
export function isMissingWord(text: string): boolean {
  return wordOf(text) !== undefined;
}

function wordOf(value: string): string | undefined {
  if (value.length <= LONGEST_WORD && WORDS.has(value.trim())) return value.trim();
  if (value.length > LONGEST_TYPE || !TYPE.test(value)) return undefined;
  return value.startsWith('@') ? '@{...}' : value;
}
