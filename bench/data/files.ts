import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstDay, sameDay, secondDay } from './days.js';
import { COLUMNS, toCsvLine, toJsonLine, type PersonRow } from './people.js';

/** The days of the people's directory. */
export const DAYS = { first: firstDay, same: sameDay, second: secondDay } as const;
export type Day = keyof typeof DAYS;
export type Format = 'csv' | 'jsonl';

/** Raised whenever the generators change, so that files of older ones are not used. */
const GENERATOR = 3;
const WRITE_BYTES = 1 << 20;

/** Where generated files are kept between runs: `ROLLCALL_BENCH_CACHE`, or a folder of the system's temporary one. */
export function cacheDirectory(): string {
  const directory = process.env['ROLLCALL_BENCH_CACHE'] ?? join(tmpdir(), `rollcall-bench-${GENERATOR}`);
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** What the benches make begins with one of these. */
const MADE = /^(people|groups|memberships|whole|state|duckdb|sqlite)-/;

/** Removes what was generated, and nothing else that the folder holds. */
export function cleanCache(): void {
  const directory = cacheDirectory();
  for (const name of readdirSync(directory))
    if (MADE.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
}

/** The path of a day's export; made when it is not there. */
export function peopleFile(day: Day, format: Format, size: number): string {
  const path = join(cacheDirectory(), `people-${day}-${size}.${format}`);
  const head = format === 'csv' ? COLUMNS.join(',') : undefined;
  const line: (row: PersonRow) => string = format === 'csv' ? (row) => toCsvLine({ ...row }) : toJsonLine;
  return makeFile(path, () => linesOf(DAYS[day](size), line, head));
}

function* linesOf<T>(rows: Iterable<T>, line: (row: T) => string, head?: string): Generator<string> {
  if (head !== undefined) yield head;
  for (const row of rows) yield line(row);
}

/** Writes the lines to the path, whole or not at all, unless a file is there. */
export function makeFile(path: string, lines: () => Iterable<string>): string {
  if (existsSync(path)) return path;
  const partial = `${path}.${process.pid}.part`;
  const file = openSync(partial, 'w');
  try {
    let block = '';
    for (const line of lines()) {
      block += line + '\n';
      if (block.length < WRITE_BYTES) continue;
      writeSync(file, block);
      block = '';
    }
    writeSync(file, block);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  return path;
}
