import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { OutputError } from '../../core/errors.js';
import type { RowFormat } from './row-format.js';

/** The most rows in memory; then they are encoded and written. */
const ROWS_AT_A_TIME = 1000;

/**
 * A file (UTF-8, mode 0600) to which rows are added one by one. It has a temporary name until it is complete and
 * on disk; an existing file stays until then. Writes are synchronous, so that at most a thousand rows are in memory.
 *
 * A failing disk must not fail the run that the report describes. Therefore {@link add} stores the first error, and
 * {@link seal} throws it.
 */
export class RowFile<Row> {
  readonly path: string;
  readonly #part: string;
  #bytes = 0;
  readonly #encode: (rows: readonly Row[]) => string;
  #head: string;
  #rows: Row[] = [];
  #count = 0;
  #file: number | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(path: string, { head, encode }: RowFormat<Row>) {
    this.path = path;
    this.#part = `${path}.${randomUUID().slice(0, 8)}.part`;
    this.#head = head;
    this.#encode = encode;
  }

  /** The number of rows added, without the header. */
  get count(): number {
    return this.#count;
  }

  /** Adds a row. Never throws. */
  add(row: Row): void {
    this.#count++;
    if (this.#fault !== undefined) return;
    this.#rows.push(row);
    if (this.#rows.length < ROWS_AT_A_TIME) return;
    try {
      this.#write();
    } catch (error) {
      this.#fault = { error };
      this.#rows = [];
    }
  }

  /** Writes the remaining rows, and syncs the file to disk. @throws {@link OutputError} if any row could not be written. */
  seal(): void {
    if (this.#fault !== undefined) throw this.#named(this.#fault.error);
    this.#attempt(() => {
      fsyncSync(this.#write());
      this.#close();
    });
  }

  /**
   * The content of the sealed file; undefined if it has more bytes than this.
   * @throws {@link OutputError} if it cannot be read
   */
  content(mostBytes: number): string | undefined {
    if (this.#bytes > mostBytes) return undefined;
    let text = '';
    this.#attempt(() => (text = readFileSync(this.#part, 'utf8')));
    return text;
  }

  /** Renames the sealed file to its final name. */
  commit(): void {
    this.#attempt(() => renameSync(this.#part, this.path));
  }

  /** Removes the temporary file. Never throws. */
  discard(): void {
    try {
      this.#close();
      rmSync(this.#part, { force: true });
    } catch {
      // The error that led to the discard is more important.
    }
  }

  #write(): number {
    const file = (this.#file ??= openSync(this.#part, 'wx', 0o600));
    const text = this.#head + this.#encode(this.#rows);
    this.#head = '';
    this.#rows = [];
    const bytes = Buffer.from(text);
    this.#bytes += bytes.length;
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    return file;
  }

  #close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    closeSync(file);
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      throw this.#named(error);
    }
  }

  #named(error: unknown): OutputError {
    const code = (error as { code?: unknown } | null)?.code;
    const why = typeof code === 'string' ? code : 'the disk failed';
    return new OutputError(`cannot be written (${why})`, this.path, { cause: error });
  }
}
