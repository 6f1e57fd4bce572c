import type { Token } from 'stream-json/core/parser.js';
import { assembler } from 'stream-json/core/assembler.js';
import { SourceError } from '../../core/errors.js';

/** One step into a document: a key of an object, or an index of an array. */
export type PathStep = string | number;

interface Level {
  readonly array: boolean;
  /** The key, or the index, of the value that is read. */
  step: PathStep;
}

/**
 * Finds the array at a path in a stream of JSON tokens, and hands on its elements. The rest of the document is read
 * too, for a document that is cut off or faulty must not pass for a whole one.
 */
export class JsonLocator {
  readonly #path: readonly PathStep[];
  readonly #shown: string;
  readonly #file: string | undefined;
  readonly #onElement: (element: unknown) => void;
  /** The objects and arrays around the value that is read. */
  readonly #levels: Level[] = [];
  /** How many of the levels lie on the path. */
  #matched = 0;
  /** Depth of the array that was asked for, while inside it; 0 outside. */
  #inside = 0;
  #found = false;
  #complete = false;
  #element = assembler();

  constructor(path: readonly PathStep[], file: string | undefined, onElement: (element: unknown) => void) {
    this.#path = path;
    this.#shown = path.length === 0 ? 'the document' : JSON.stringify(path.join('.'));
    this.#file = file;
    this.#onElement = onElement;
  }

  /** Takes the next token. */
  accept(token: Token): void {
    if (this.#inside > 0) this.#acceptInside(token);
    else this.#acceptOutside(token);
  }

  /** To be called when the tokens are at their end. */
  end(): void {
    if (!this.#complete) throw this.#error('the document is truncated or empty');
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
      if (isTarget) this.#enterTarget(name === 'startArray');
      if (name === 'startObject' || name === 'startArray') {
        this.#levels.push({ array: name === 'startArray', step: name === 'startArray' ? -1 : '' });
        if (isTarget) this.#inside = this.#levels.length;
      } else {
        this.#endValue();
      }
    }
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

  /** Counts a value of an array, and notes whether the value that begins lies on the path. */
  #startValue(): void {
    const depth = this.#levels.length;
    if (depth === 0) return;
    const level = this.#top();
    if (level.array) level.step = (level.step as number) + 1;
    const step = this.#path[depth - 1];
    // A path in one string cannot tell an index from a key.
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
