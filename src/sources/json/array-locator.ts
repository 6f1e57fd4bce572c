import type { Token } from 'stream-json/core/parser.js';
import { assembler } from 'stream-json/core/assembler.js';
import { SourceError } from '../../core/errors.js';
import { LoneObject } from './lone-object.js';
import type { JsonNumbers } from './numbers.js';

/** Keys with which APIs say that a document is one page of several. */
const NEXT_PAGE: ReadonlySet<PathStep> = new Set([
  '@odata.nextLink',
  'odata.nextLink',
  'nextLink',
  'nextPageToken',
]);

/** One step into a document: a key of an object, or an index of an array. */
export type PathStep = string | number;

interface Level {
  readonly array: boolean;
  /** The key or index of the current value. */
  step: PathStep;
}

/**
 * Finds the array at a path in a stream of JSON tokens, and passes its elements on. The rest of the document is also read,
 * so that a truncated or invalid document is an error. Without a path, a document that is one object without arrays is one record.
 */
export class JsonLocator {
  readonly #path: readonly PathStep[];
  readonly #shown: string;
  readonly #file: string | undefined;
  readonly #onElement: (element: unknown) => void;
  /** The objects and arrays that contain the current value. */
  readonly #levels: Level[] = [];
  /** The number of levels that match the path. */
  #matched = 0;
  /** The depth of the array at the path while inside it; otherwise 0. */
  #inside = 0;
  #found = false;
  #complete = false;
  readonly #options: { readonly numberAsString: boolean };
  readonly #element: ReturnType<typeof assembler>;
  /** The document, if it is an object and no path was given. */
  #lone: LoneObject | undefined;
  /** The key beside the array that says that there are more pages. */
  #nextPage: PathStep | undefined;

  constructor(
    path: readonly PathStep[],
    file: string | undefined,
    numbers: JsonNumbers,
    onElement: (element: unknown) => void,
  ) {
    this.#options = { numberAsString: numbers === 'text' };
    this.#element = assembler(this.#options);
    this.#path = path;
    this.#shown = path.length === 0 ? 'the document' : JSON.stringify(path.join('.'));
    this.#file = file;
    this.#onElement = onElement;
  }

  /** Processes the next token. */
  accept(token: Token): void {
    this.#lone?.accept(token);
    if (this.#inside > 0) this.#acceptInside(token);
    else this.#acceptOutside(token);
  }

  /**
   * Must be called after the last token.
   * @throws {@link SourceError} if the document is incomplete, has no such array, or is one page of several
   */
  end(): void {
    if (!this.#complete) throw this.#error('the document is truncated or empty');
    if (this.#lone !== undefined) {
      const { record, reason } = this.#lone;
      if (record === undefined) throw this.#error(reason);
      this.#onElement(record);
      return;
    }
    if (this.#nextPage !== undefined)
      throw this.#error(`the document is one page of several: it has ${JSON.stringify(this.#nextPage)}`);
    if (!this.#found) throw this.#error(`the document has no ${this.#shown}`);
  }

  #acceptOutside(token: Token): void {
    const { name } = token;
    if (name === 'keyValue') {
      this.#top().step = token.value;
    } else if (name === 'endObject' || name === 'endArray') {
      this.#leave();
    } else {
      this.#startValue();
      const isTarget = this.#matched === this.#levels.length && this.#matched === this.#path.length;
      if (isTarget && this.#path.length === 0 && name === 'startObject') {
        this.#lone = new LoneObject(this.#options);
        this.#lone.accept(token);
      } else if (isTarget) this.#enterTarget(name === 'startArray');
      else if (name === 'stringValue') this.#checkNextPage();
      if (name === 'startObject' || name === 'startArray') {
        this.#levels.push({ array: name === 'startArray', step: name === 'startArray' ? -1 : '' });
        if (isTarget && name === 'startArray') this.#inside = this.#levels.length;
      } else {
        this.#endValue();
      }
    }
  }

  /** Notes a string beside the array that says that there are more pages. */
  #checkNextPage(): void {
    const depth = this.#levels.length;
    if (depth === 0 || depth !== this.#path.length || this.#matched < depth - 1) return;
    const { step } = this.#top();
    if (NEXT_PAGE.has(step)) this.#nextPage = step;
  }

  #enterTarget(isArray: boolean): void {
    if (!isArray) throw this.#error(`${this.#shown} is not an array`);
    if (this.#found) throw this.#error(`${this.#shown} appears twice`);
    this.#found = true;
  }

  #acceptInside(token: Token): void {
    if (this.#element.done && token.name === 'endArray') {
      this.#inside = 0;
      this.#leave();
      return;
    }
    this.#element.consume(token);
    if (this.#element.done) this.#onElement(this.#element.current);
  }

  /** Counts the elements of an array, and checks whether the new value matches the path. */
  #startValue(): void {
    const depth = this.#levels.length;
    if (depth === 0) return;
    const level = this.#top();
    if (level.array) level.step = (level.step as number) + 1;
    const step = this.#path[depth - 1];
    // In a path that is one string, an index and a key look the same.
    if (this.#matched === depth - 1 && step !== undefined && String(step) === String(level.step))
      this.#matched = depth;
  }

  #endValue(): void {
    this.#matched = Math.min(this.#matched, Math.max(0, this.#levels.length - 1));
    if (this.#levels.length === 0) this.#complete = true;
  }

  #leave(): void {
    this.#levels.pop();
    this.#endValue();
  }

  #top(): Level {
    return this.#levels.at(-1) as Level;
  }

  #error(message: string): SourceError {
    return new SourceError(message, { file: this.#file });
  }
}
