import { assembler } from 'stream-json/core/assembler.js';
import type { Token } from 'stream-json/core/parser.js';

/** The most tokens of an object that is one record. A larger one holds many, under names of their own. */
const MOST_TOKENS = 10_000;
/** The most arrays that an error names. */
const MOST_ARRAYS = 10;

/** Reads a document that is an object and not an array: it is one record, unless it contains arrays, which may be the records. */
export class LoneObject {
  readonly #object: ReturnType<typeof assembler>;
  /** The keys of the objects that contain the current value. */
  readonly #keys: string[] = [];
  /** The number of arrays that contain it. */
  #arrays = 0;
  #tokens = 0;
  readonly #paths: string[] = [];

  constructor(options: { readonly numberAsString: boolean }) {
    this.#object = assembler(options);
  }

  accept(token: Token): void {
    const { name } = token;
    if (name === 'startArray' && this.#arrays++ === 0 && this.#paths.length < MOST_ARRAYS)
      this.#paths.push(this.#keys.join('.'));
    else if (name === 'endArray') this.#arrays--;
    else if (this.#arrays === 0 && name === 'startObject') this.#keys.push('');
    else if (this.#arrays === 0 && name === 'endObject') this.#keys.pop();
    else if (this.#arrays === 0 && name === 'keyValue') this.#keys[this.#keys.length - 1] = token.value;
    if (this.#isRecord && ++this.#tokens <= MOST_TOKENS) this.#object.consume(token);
  }

  /** The record; undefined if it has no property, contains arrays or is too large. */
  get record(): object | undefined {
    const record = this.#object.current as object | null;
    const isWhole = this.#isRecord && this.#tokens <= MOST_TOKENS && this.#object.done;
    return isWhole && record !== null && Object.keys(record).length > 0 ? record : undefined;
  }

  /** Why the document is not one record. */
  get reason(): string {
    if (this.#paths.length === 0) return 'the document is an object without an array of records';
    const names = this.#paths.map((name) => JSON.stringify(name)).join(', ');
    return `the document is an object and not an array; give the path of the records (option path, --json-path); its arrays are ${names}`;
  }

  get #isRecord(): boolean {
    return this.#paths.length === 0;
  }
}
