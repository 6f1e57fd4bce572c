import { join } from 'node:path';
import type { Case, Side, World } from '../case.js';
import { peopleFile, type Format } from '../data/files.js';
import { CSV_READERS } from '../peers/csv-readers.js';
import { jsonParse } from '../peers/json-parse.js';
import { peopleOf, syncUsers, userChanges } from '../support/pipeline.js';

/** Everything is new: read, compared with an empty state, planned, and every body built; nothing is sent. */
function bodies(format: Format): Side {
  return {
    name: 'rollcall',
    async load(world) {
      const product = await world.product();
      const file = peopleFile('second', format, world.size);
      return async () => {
        const { batch, guard, openState, pipe } = product;
        const state = await openState(join(world.work, 'state'));
        try {
          const changes = userChanges(product, peopleOf(product, file), state);
          let records = 0;
          let requests = 0;
          for await (const chunk of pipe(changes, guard(state), batch()).chunks())
            for (const { items } of chunk) {
              records += items;
              requests++;
            }
          return { counts: { records }, measures: { requests } };
        } finally {
          await state.close();
        }
      };
    },
  };
}

/** The same, sent to an Okta that acknowledges at once, journaled load by load and committed session by session. */
const sent: Side = {
  name: 'rollcall, sent and committed',
  async load(world: World) {
    const product = await world.product();
    const file = peopleFile('second', 'jsonl', world.size);
    return async () => {
      const users = peopleOf(product, file);
      const { counts, measures } = await syncUsers(product, users, join(world.work, 'state'), false);
      return { counts: { records: counts['creates'] ?? 0 }, ...(measures && { measures }) };
    };
  },
};

/** The first day of a directory. */
export const firstLoadCases: readonly Case[] = [
  {
    name: 'first-load-jsonl',
    title: 'first load, all bodies built, JSON lines, against only JSON.parse per line',
    target: { wall: 3, peakMb: 150 },
    prepare: async ({ size }) => void peopleFile('second', 'jsonl', size),
    rollcall: bodies('jsonl'),
    peer: jsonParse('second'),
  },
  {
    name: 'first-load-csv',
    title: 'first load, all bodies built, CSV, against only reading it with uDSV',
    prepare: async ({ size }) => void peopleFile('second', 'csv', size),
    rollcall: bodies('csv'),
    peer: CSV_READERS.find(({ name }) => name === 'uDSV') as Side,
  },
  {
    name: 'first-load-sent',
    title: 'first load, sent, journaled and committed, JSON lines, against only JSON.parse per line',
    prepare: async ({ size }) => void peopleFile('second', 'jsonl', size),
    rollcall: sent,
    peer: jsonParse('second'),
  },
];
