import type { Side } from '../case.js';
import { peopleFile, type Day } from '../data/files.js';
import type { PersonRow } from '../data/people.js';
import { eachLine } from '../support/lines.js';

/** Only `JSON.parse` for each line of the file: no comparison, no state, nothing kept. */
export function jsonParse(day: Day): Side {
  return {
    name: 'JSON.parse per line',
    async load({ size }) {
      const file = peopleFile(day, 'jsonl', size);
      return async () => {
        let records = 0;
        let idLength = 0;
        await eachLine(file, (line) => {
          idLength += (JSON.parse(line) as PersonRow).employee_id.length;
          records++;
        });
        return { counts: { records, idLength } };
      };
    },
  };
}
