import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import { peopleFile, type Format } from '../data/files.js';
import { duckdbJoin } from '../peers/duckdb.js';
import { jsonParse } from '../peers/json-parse.js';
import { peopleOf, send } from '../support/pipeline.js';
import { rawChanges } from '../support/raw-path.js';
import { adoptAll, cachedState, copyState } from '../support/states.js';
import { rollcallDay, prepareDays } from './days.js';

/** A state that holds the first day by its raw rows. */
function rawState(world: World, format: Format): Promise<string> {
  return cachedState(world, `raw-${format}`, async (product, state) => {
    await adoptAll(
      product,
      state,
      rawChanges(product, peopleOf(product, peopleFile('first', format, world.size)), state),
    );
  });
}

function rawDay(format: Format): Side {
  return {
    name: 'rollcall, by raw rows',
    async load(world) {
      const product = await world.product();
      const directory = copyState(await rawState(world, format), world);
      const file = peopleFile('second', format, world.size);
      return async () => {
        const state = await product.openState(directory);
        try {
          return await send(product, rawChanges(product, peopleOf(product, file), state), state, world.check);
        } finally {
          await state.close();
        }
      };
    },
  };
}

const truth = (size: number) => ({ ...truthOf(size) });

/** The opt-in raw-row path, and the object path against the same peer. */
export const rawCases: readonly Case[] = [
  {
    name: 'jsonl-raw',
    title: 'opt-in raw-row path, 1 % changed, JSON lines, against only JSON.parse per line',
    target: { wall: 0.5, peakMb: 150 },
    async prepare(world) {
      peopleFile('second', 'jsonl', world.size);
      await rawState(world, 'jsonl');
    },
    truth,
    rollcall: rawDay('jsonl'),
    peer: jsonParse('second'),
  },
  {
    name: 'csv-raw',
    title: "opt-in raw-row path, 1 % changed, CSV, against DuckDB's bare join of two files",
    target: { wall: 0.7, memory: 0.2, peakMb: 150 },
    async prepare(world) {
      peopleFile('second', 'csv', world.size);
      await rawState(world, 'csv');
    },
    truth,
    rollcall: rawDay('csv'),
    peer: duckdbJoin('second'),
  },
  {
    name: 'csv-1pct-duckdb-join',
    title: "1 % changed, CSV, against DuckDB's bare join of two files, without state or bodies",
    prepare: (world) => prepareDays(world, 'second', ['csv']),
    truth,
    rollcall: rollcallDay('second', 'csv'),
    peer: duckdbJoin('second'),
  },
];
