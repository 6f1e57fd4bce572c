import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import { peopleFile, type Day, type Format } from '../data/files.js';
import { duckdb, duckdbJoin, duckState, type DuckHash } from '../peers/duckdb.js';
import { jsonParse } from '../peers/json-parse.js';
import { deepEqual } from '../peers/deep-equal.js';
import { sqlite, sqliteState } from '../peers/sqlite.js';
import { peopleOf, syncUsers } from '../support/pipeline.js';
import { copyState, usersState } from '../support/states.js';

/** The whole pipeline over a day's file, from a state that holds the first day to the state of that day. */
export function rollcallDay(day: Day, format: Format, declared = false): Side {
  return {
    name: declared ? 'rollcall, declared mapping' : 'rollcall',
    async load(world) {
      const product = await world.product();
      const state = copyState(await usersState(world), world);
      const file = peopleFile(day, format, world.size);
      return async () => {
        const outcome = await syncUsers(product, peopleOf(product, file, declared), state, world.check);
        return outcome;
      };
    },
  };
}

/** Files of both days and the state of the first. */
export async function prepareDays(world: World, day: Day, formats: readonly Format[]): Promise<void> {
  for (const format of formats) {
    peopleFile('first', format, world.size);
    peopleFile(day, format, world.size);
  }
  await usersState(world);
}

const unchanged = () => ({ creates: 0, updates: 0, deletes: 0 });
const changed = (size: number) => ({ ...truthOf(size) });

function againstDuckdb(
  day: Day,
  hash: DuckHash,
  declared = false,
): Pick<Case, 'prepare' | 'truth' | 'rollcall' | 'peer'> {
  return {
    async prepare(world) {
      await prepareDays(world, day, ['csv']);
      await duckState(world, hash);
    },
    truth: day === 'same' ? unchanged : changed,
    rollcall: rollcallDay(day, 'csv', declared),
    peer: duckdb(day, hash),
  };
}

/** The daily run, against parsing alone and against DuckDB. */
export const dayCases: readonly Case[] = [
  {
    name: 'jsonl-1pct',
    title: '1 % changed, JSON lines, against only JSON.parse per line of the same file',
    target: { wall: 1.5, peakMb: 150 },
    prepare: (world) => prepareDays(world, 'second', ['csv', 'jsonl']),
    truth: changed,
    rollcall: rollcallDay('second', 'jsonl'),
    peer: jsonParse('second'),
  },
  {
    name: 'jsonl-1pct-declared',
    title: '1 % changed, JSON lines, mapping declared, against only JSON.parse per line of the same file',
    target: { wall: 1.5, peakMb: 150 },
    prepare: (world) => prepareDays(world, 'second', ['csv', 'jsonl']),
    truth: changed,
    rollcall: rollcallDay('second', 'jsonl', true),
    peer: jsonParse('second'),
  },
  {
    name: 'csv-1pct',
    title: '1 % changed, CSV, against DuckDB doing the same job (two threads)',
    target: { wall: 0.8, memory: 0.4, peakMb: 150 },
    ...againstDuckdb('second', 'md5'),
  },
  {
    name: 'csv-1pct-declared',
    title: '1 % changed, CSV, mapping declared, against DuckDB doing the same job (two threads)',
    target: { wall: 0.8, memory: 0.4, peakMb: 150 },
    ...againstDuckdb('second', 'md5', true),
  },
  {
    name: 'csv-1pct-duckdb-hash',
    title: '1 % changed, CSV, against DuckDB with its own 64-bit hash, which has no key',
    ...againstDuckdb('second', 'hash'),
  },
  {
    name: 'csv-same',
    title: 'nothing changed, CSV, against DuckDB doing the same job (two threads)',
    target: { wall: 0.7, peakMb: 150 },
    ...againstDuckdb('same', 'md5'),
  },
  {
    name: 'csv-same-declared',
    title: 'nothing changed, CSV, mapping declared, against DuckDB doing the same job (two threads)',
    target: { wall: 0.7, peakMb: 150 },
    ...againstDuckdb('same', 'md5', true),
  },
  {
    name: 'csv-1pct-duckdb-join',
    title: "1 % changed, CSV, against DuckDB's bare join of two files, without state or bodies",
    prepare: (world) => prepareDays(world, 'second', ['csv']),
    truth: changed,
    rollcall: rollcallDay('second', 'csv'),
    peer: duckdbJoin('second'),
  },
  {
    name: 'csv-1pct-sqlite',
    title: '1 % changed, CSV, against SQLite doing the same job with uDSV and SHA-256',
    async prepare(world) {
      await prepareDays(world, 'second', ['csv']);
      await sqliteState(world);
    },
    truth: changed,
    rollcall: rollcallDay('second', 'csv'),
    peer: sqlite('second'),
  },
  {
    name: 'jsonl-1pct-deep-equal',
    title: "1 % changed, JSON lines, against fast-deep-equal over a Map of yesterday's file",
    prepare: (world) => prepareDays(world, 'second', ['csv', 'jsonl']),
    truth: changed,
    rollcall: rollcallDay('second', 'jsonl'),
    peer: deepEqual('second'),
  },
];
