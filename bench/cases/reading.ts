import type { Case, Side, World } from '../case.js';
import { peopleFile, type Format } from '../data/files.js';
import { CSV_READERS } from '../peers/csv-readers.js';
import { jsonParse } from '../peers/json-parse.js';
import type { PersonRow } from '../data/people.js';

/** Rollcall's source alone, drained by chunks. */
function rollcallReads(format: Format): Side {
  return {
    name: 'rollcall',
    async load(world: World) {
      const { fromCsv, fromJsonLines } = await world.product();
      const file = peopleFile('second', format, world.size);
      return async () => {
        let records = 0;
        let idLength = 0;
        const rows = format === 'csv' ? fromCsv(file) : fromJsonLines(file);
        for await (const chunk of rows.chunks()) {
          records += chunk.length;
          for (const row of chunk) idLength += (row as unknown as PersonRow).employee_id.length;
        }
        return { counts: { records, idLength } };
      };
    },
  };
}

/** Reading alone. */
export const readingCases: readonly Case[] = [
  ...CSV_READERS.map((peer) => ({
    name: `read-csv-${peer.name.toLowerCase()}`,
    title: `reading CSV alone, against ${peer.name}`,
    prepare: async ({ size }: World) => void peopleFile('second', 'csv', size),
    rollcall: rollcallReads('csv'),
    peer,
  })),
  {
    name: 'read-jsonl',
    title: 'reading JSON lines alone, against JSON.parse per line',
    prepare: async ({ size }) => void peopleFile('second', 'jsonl', size),
    rollcall: rollcallReads('jsonl'),
    peer: jsonParse('second'),
  },
];
