import { OptionsError, SourceError } from '../../core/errors.js';

/** The place of the number of rows in the pattern of a trailer. */
const COUNT = '{count}';

/** Checks the option `trailer`. @throws {@link OptionsError} for an empty pattern, or more than one `{count}` */
export function requireTrailer(trailer: string | undefined): string | undefined {
  if (trailer === undefined) return undefined;
  if (
    typeof trailer !== 'string' ||
    trailer.split(COUNT).length > 2 ||
    trailer.replace(COUNT, '').trim() === ''
  )
    throw new OptionsError('trailer', `expected the text of the last line, such as "TRAILER,${COUNT}"`);
  return trailer;
}

/** The last line of a file whose producer marks its end, often with the number of rows. A file without it was cut off. */
export class Trailer {
  readonly #pattern: string;
  readonly #line: RegExp;
  /** The line of the trailer; undefined until it was read. */
  #at: number | undefined;
  #count: number | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const parts = pattern.split(COUNT).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#line = new RegExp(`^${parts.join('(\\d+)')}\\r?$`);
  }

  /** True if the line is the trailer. */
  accept(text: string, line: number): boolean {
    const found = this.#line.exec(text);
    if (found === null) return false;
    this.#at = line;
    if (found[1] !== undefined) this.#count = Number(found[1]);
    return true;
  }

  /** @throws {@link SourceError} if the trailer was read before this row */
  refuseAfter(file: string | undefined, line: number): void {
    if (this.#at !== undefined)
      throw new SourceError(`a row after the trailer on line ${this.#at}; were two files joined?`, {
        file,
        line,
      });
  }

  /** @throws {@link SourceError} at the end of a file without its trailer, or with another number of rows than the trailer says */
  end(file: string | undefined, rows: number): void {
    if (this.#at === undefined)
      throw new SourceError(
        `the file has no trailer ${JSON.stringify(this.#pattern)} at its end; it was cut off`,
        { file },
      );
    if (this.#count !== undefined && this.#count !== rows)
      throw new SourceError(`the trailer says ${this.#count} rows, but the file has ${rows}`, {
        file,
        line: this.#at,
      });
  }
}
