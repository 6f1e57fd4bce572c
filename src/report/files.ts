import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { OptionsError, SourceError } from '../errors.js';
import type { Flow, Sink } from '../flow.js';
import { refuseUnknown } from '../options.js';

/** What a file sink wrote. */
export interface WrittenFile {
  readonly records: number;
}

/** Options of {@link toCsv}. */
export interface ToCsvOptions {
  /** Columns, in order. @defaultValue the names of the first record */
  readonly columns?: readonly string[];
  /**
   * Puts an apostrophe before cells that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab, carriage return).
   * @defaultValue `true`
   */
  readonly escapeFormulas?: boolean;
}

/**
 * Writes records to a CSV file (mode 0600), which appears whole or not at all, or to a stream. A value that is an object
 * is written as JSON.
 *
 * @throws {@link OptionsError} at once for bad options; what the source or the file system fails with.
 */
export function toCsv<T extends object>(target: string | Writable, options: ToCsvOptions = {}): Sink<T, WrittenFile> {
  refuseUnknown('toCsv', options, ['columns', 'escapeFormulas']);
  const { columns, escapeFormulas = true } = options;
  return (source) =>
    writeTo(target, async (out) => {
      const encoder = stringify({
        header: true,
        escape_formulas: escapeFormulas,
        ...(columns !== undefined && { columns: [...columns] }),
        cast: { boolean: String },
      });
      encoder.pipe(out, { end: false });
      const records = await feed(source, encoder, (record) => record);
      encoder.end();
      await once(encoder, 'end');
      return records;
    });
}

/** Writes records to a file of JSON lines (mode 0600), which appears whole or not at all, or to a stream. */
export function toJsonLines<T>(target: string | Writable): Sink<T, WrittenFile> {
  return (source) => writeTo(target, (out) => feed(source, out, (record) => `${JSON.stringify(record)}\n`));
}

async function feed<T>(source: Flow<T>, out: Writable, encode: (record: T) => unknown): Promise<number> {
  let records = 0;
  for await (const chunk of source.chunks()) {
    for (const record of chunk) {
      records++;
      // Waiting here is what keeps a slow disk from filling the memory.
      if (!out.write(encode(record))) await once(out, 'drain');
    }
  }
  return records;
}

async function writeTo(target: string | Writable, write: (out: Writable) => Promise<number>): Promise<WrittenFile> {
  if (typeof target !== 'string') {
    if (typeof target?.write !== 'function') throw new OptionsError('target', 'expected a path or a writable stream');
    return { records: await write(target) };
  }
  const part = `${target}.part`;
  const out = createWriteStream(part, { mode: 0o600 });
  const failed = new Promise<never>((_, reject) => out.once('error', reject));
  failed.catch(() => undefined);
  try {
    const records = await Promise.race([write(out), failed]);
    out.end();
    await finished(out);
    await rename(part, target);
    return { records };
  } catch (error) {
    out.destroy();
    await rm(part, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Error && code !== undefined && 'syscall' in error) {
      throw new SourceError(`the file cannot be written (${code})`, {}, { cause: error });
    }
    throw error;
  }
}
