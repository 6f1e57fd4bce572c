import { createReadStream } from 'node:fs';
import type { Side } from '../case.js';
import { peopleFile } from '../data/files.js';
import { eachCsvObject } from './udsv.js';

/** A reader of CSV: answers the rows it read, and the length of all their ids. */
type Reader = (file: string) => Promise<{ readonly records: number; readonly idLength: number }>;

function reader(name: string, load: () => Promise<Reader>): Side {
  return {
    name,
    async load({ size }) {
      const file = peopleFile('second', 'csv', size);
      const read = await load();
      return async () => ({ counts: await read(file) });
    },
  };
}

interface IdRow {
  readonly employee_id: string;
}

/** Counts objects that come one by one. */
async function countRows(rows: AsyncIterable<unknown>): Promise<{ records: number; idLength: number }> {
  let records = 0;
  let idLength = 0;
  for await (const row of rows) {
    records++;
    idLength += (row as IdRow).employee_id.length;
  }
  return { records, idLength };
}

/** The readers, each making an object by column of every row, as rollcall does. */
export const CSV_READERS: readonly Side[] = [
  reader('csv-parse', async () => {
    const { parse } = await import('csv-parse');
    return (file) => countRows(createReadStream(file).pipe(parse({ columns: true })));
  }),
  reader('fast-csv', async () => {
    const { parse } = (await import('fast-csv')).default;
    return (file) => countRows(createReadStream(file).pipe(parse({ headers: true })));
  }),
  reader('papaparse', async () => {
    const { default: papa } = await import('papaparse');
    return (file) =>
      new Promise((resolve, reject) => {
        let records = 0;
        let idLength = 0;
        papa.parse<IdRow>(createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 }), {
          header: true,
          skipEmptyLines: true,
          chunk: ({ data }) => {
            records += data.length;
            for (const row of data) idLength += row.employee_id.length;
          },
          complete: () => resolve({ records, idLength }),
          error: reject,
        });
      });
  }),
  reader('uDSV', async () => async (file) => {
    let records = 0;
    let idLength = 0;
    await eachCsvObject<IdRow>(file, (row) => {
      records++;
      idLength += row.employee_id.length;
    });
    return { records, idLength };
  }),
];
