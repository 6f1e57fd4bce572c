import { SourceError } from '../../core/errors.js';
import { countLineFeeds } from '../input/decode-text.js';

/** Receives the fields of a record, and the line on which it begins. */
export type OnRecord = (fields: string[], line: number) => void;

/** Options of a {@link CsvScanner}. */
export interface ScannerOptions {
  /** One character. */
  readonly delimiter: string;
  readonly file: string | undefined;
  /** The longest record, in characters. Without a limit, an open quote would collect the whole file. */
  readonly maxRecordLength: number;
  /** Returns true for a line that is no record, such as a trailer. It is called for every line outside of quotes. */
  readonly isSkipped?: ((line: string, number: number) => boolean) | undefined;
}

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits CSV text (RFC 4180, LF allowed) into records. The text comes in blocks that may end anywhere.
 *
 * A line without a quote (nearly every line of a real export) is split with `indexOf` only; other lines are read field by
 * field. The positions of the next quote, delimiter and carriage return are stored, so that an absent character is not
 * searched again for every line.
 */
export class CsvScanner {
  readonly #options: ScannerOptions;
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  /** The text of an incomplete record. */
  #rest = '';
  #text = '';
  #last = false;
  /** 1-based line on which the next record begins. */
  #line = 1;
  #columns = 0;
  /** Where the row that is read begins, in the text. */
  #at = 0;
  /** True if the rows end with an additional delimiter, which the header does not have; undefined before the first row. */
  #trailing: boolean | undefined;
  #nextDelimiter = -1;
  #nextCr = -1;
  /** Set by {@link #fieldByField}: the end of the record, and the number of line feeds inside. */
  #end = 0;
  #lineFeeds = 0;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#delimiter = options.delimiter;
    this.#delimiterCode = options.delimiter.charCodeAt(0);
  }

  get delimiter(): string {
    return this.#delimiter;
  }

  /** 1-based line on which the next text begins. */
  get nextLine(): number {
    return this.#line + countLineFeeds(this.#rest);
  }

  /** Sets the line on which the next text begins, after a screen has read the rows before it. */
  goTo(line: number): void {
    this.#line = line;
  }

  /**
   * Reads a block. With `last`, the rest of the text is a record as well. The array that is passed to `onRecord` is reused
   * after the call.
   */
  read(block: string, last: boolean, onRecord: OnRecord): void {
    const text = this.#rest === '' ? block : this.#rest + block;
    this.#text = text;
    this.#last = last;
    this.#nextDelimiter = this.#nextCr = -1;
    // "Not found" is a position after the end, so that comparisons need no special case.
    let nextQuote = find(text, '"', 0);
    let fields = new Array<string>(this.#columns);
    let at = 0;
    while (at < text.length) {
      this.#at = at;
      let end = text.indexOf('\n', at);
      if (end === -1) {
        if (!last) break;
        end = text.length;
      }
      if (this.#options.isSkipped?.(text.slice(at, end), this.#line) === true) {
        this.#line++;
        at = end + 1;
        continue;
      }
      if (nextQuote < at) nextQuote = find(text, '"', at);
      if (nextQuote < end || this.#columns === 0) {
        const quoted = this.#fieldByField(at);
        if (quoted === undefined) break;
        const isBlank = quoted.length === 1 && quoted[0] === '' && text.charCodeAt(at) !== QUOTE;
        if (!isBlank) {
          if (this.#columns === 0) {
            this.#columns = quoted.length;
            fields = new Array<string>(quoted.length);
          } else this.#checkCount(quoted);
          onRecord(quoted, this.#line);
        }
        this.#line += this.#lineFeeds + 1;
        at = this.#end;
      } else {
        if (this.#plainLine(at, end, fields)) onRecord(fields, this.#line);
        this.#line++;
        at = end + 1;
      }
    }
    this.#rest = at === 0 ? text : text.slice(at);
    if (this.#rest.length > this.#options.maxRecordLength) {
      throw this.#error(
        `the row is longer than ${this.#options.maxRecordLength} characters (maxRecordLength); is a closing quote missing?`,
      );
    }
  }

  /** Splits a line without quotes; false if it is blank. */
  #plainLine(start: number, lineEnd: number, fields: string[]): boolean {
    const text = this.#text;
    if (this.#nextCr < start) this.#nextCr = find(text, '\r', start);
    let end = lineEnd;
    if (this.#nextCr < lineEnd) {
      if (this.#nextCr !== lineEnd - 1) throw this.#strayCr(this.#line);
      end--;
    }
    if (end === start) return false;
    const last = fields.length - 1;
    let at = start;
    let next = this.#nextDelimiter;
    if (next < at) next = find(text, this.#delimiter, at);
    for (let i = 0; i < last; i++) {
      if (next >= end) throw this.#ragged(i + 1);
      fields[i] = text.slice(at, next);
      at = next + 1;
      next = find(text, this.#delimiter, at);
    }
    this.#nextDelimiter = next;
    const isTrailing = next === end - 1;
    if (next < end && !isTrailing) throw this.#ragged(text.slice(start, end).split(this.#delimiter).length);
    this.#checkTrailing(isTrailing);
    fields[last] = text.slice(at, Math.min(next, end));
    return true;
  }

  /** Reads a record with quotes, or the header; undefined if it is incomplete. */
  #fieldByField(start: number): string[] | undefined {
    const text = this.#text;
    const fields: string[] = [];
    let at = start;
    this.#lineFeeds = 0;
    for (;;) {
      const end =
        text.charCodeAt(at) === QUOTE ? this.#quotedField(at, fields) : this.#plainField(at, fields);
      if (end === -1) return undefined;
      if (end < text.length && text.charCodeAt(end) === this.#delimiterCode) {
        at = end + 1;
        continue;
      }
      // A record ends with LF or CRLF; the last one may also end with the text.
      this.#end = end + (text.charCodeAt(end) === CR ? 2 : 1);
      return fields;
    }
  }

  /** Adds the field that begins at this quote. Returns the position after it, or -1 if it is incomplete. */
  #quotedField(quote: number, fields: string[]): number {
    const text = this.#text;
    let doubled = false;
    let close = text.indexOf('"', quote + 1);
    while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) {
      doubled = true;
      close = text.indexOf('"', close + 2);
    }
    if (close === -1) {
      if (!this.#last) return -1;
      throw this.#error('this opening quote has no closing quote', this.#line + this.#lineFeeds);
    }
    const after = close + 1;
    // The next character decides: a second quote, the end of the field, or an error.
    if (after >= text.length && !this.#last) return -1;
    const value = text.slice(quote + 1, close);
    this.#lineFeeds += countLineFeeds(value);
    fields.push(doubled ? value.replaceAll('""', '"') : value);
    if (after >= text.length) return after;
    const code = text.charCodeAt(after);
    if (code === this.#delimiterCode || code === LF) return after;
    if (code === CR) {
      if (after + 1 >= text.length) return this.#last ? after : -1;
      if (text.charCodeAt(after + 1) === LF) return after;
    }
    throw this.#error('text after a closing quote', this.#line + this.#lineFeeds);
  }

  #plainField(start: number, fields: string[]): number {
    const text = this.#text;
    const lineFeed = find(text, '\n', start);
    if (lineFeed === Infinity && !this.#last) return -1;
    if (this.#nextDelimiter < start) this.#nextDelimiter = find(text, this.#delimiter, start);
    const end = Math.min(lineFeed, this.#nextDelimiter, text.length);
    let value = text.slice(start, end);
    const cr = value.indexOf('\r');
    if (cr !== -1) {
      if (cr !== value.length - 1 || end === this.#nextDelimiter)
        throw this.#strayCr(this.#line + this.#lineFeeds);
      value = value.slice(0, -1);
    }
    if (/^[^\S\r\n]+"/.test(value))
      throw this.#error('a blank before an opening quote', this.#line + this.#lineFeeds);
    fields.push(value);
    return cr === -1 ? end : end - 1;
  }

  /** Checks the number of fields. Removes the empty field after a delimiter at the end. */
  #checkCount(fields: string[]): void {
    const isTrailing = fields.length === this.#columns + 1 && fields.at(-1) === '';
    if (fields.length !== this.#columns && !isTrailing) throw this.#ragged(fields.length);
    this.#checkTrailing(isTrailing);
    if (isTrailing) fields.pop();
  }

  /**
   * A delimiter at the end is allowed if all rows have it. If only some have it, the cells of these may be shifted, because a
   * value contained the delimiter.
   */
  #checkTrailing(isTrailing: boolean): void {
    this.#trailing ??= isTrailing;
    if (isTrailing !== this.#trailing) throw this.#ragged(this.#columns + (isTrailing ? 1 : 0));
  }

  #ragged(count: number): SourceError {
    const fields = count === 1 ? '1 field' : `${count} fields`;
    const others = this.#trailing === true ? `, and other rows have ${this.#columns + 1}` : '';
    const cut =
      count < this.#columns && this.#isLastLine() ? '; it is the last line; the file may be cut off' : '';
    return this.#error(`the row has ${fields}, but the header has ${this.#columns}${others}${cut}`);
  }

  /** True if the file ends with the row that is read, and no line feed comes after it. */
  #isLastLine(): boolean {
    return this.#last && this.#text.indexOf('\n', this.#at) === -1;
  }

  #strayCr(line: number): SourceError {
    return this.#error(
      'a carriage return without a line feed, outside quotes; save the file with the line ends of Windows or Unix',
      line,
    );
  }

  #error(message: string, line = this.#line): SourceError {
    return new SourceError(message, { file: this.#options.file, line });
  }
}

function find(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? Infinity : at;
}
