import type { BaseParse } from 'udsv';
import { textOf } from '../support/lines.js';

/** Calls `take` with the cells of every row, in the order of the columns. */
export async function eachCsvRow(file: string, take: (cells: readonly string[]) => void): Promise<void> {
  await parseCsv(file, 'stringArrs', take);
}

/** Calls `take` with every row as an object by column. */
export async function eachCsvObject<T>(file: string, take: (row: T) => void): Promise<void> {
  await parseCsv(file, 'stringObjs', take);
}

async function parseCsv<T>(
  file: string,
  shape: 'stringArrs' | 'stringObjs',
  take: (row: T) => void,
): Promise<void> {
  const { inferSchema, initParser } = await import('udsv');
  let parser: ReturnType<typeof initParser> | undefined;
  for await (const text of textOf(file)) {
    parser ??= initParser(inferSchema(text));
    // Its types say that the shapes make tuples and records of one kind only.
    const parse = parser[shape] as unknown as BaseParse<T>;
    parser.chunk<T>(text, parse, take);
  }
  parser?.end();
}
