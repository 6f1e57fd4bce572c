import type { Side } from '../case.js';
import { peopleFile, type Day } from '../data/files.js';
import type { PersonRow } from '../data/people.js';
import { bodiesOf } from '../support/bodies.js';
import { ChangeDigest } from '../support/change-digest.js';
import { eachLine } from '../support/lines.js';
import { toRecord } from '../support/pipeline.js';

/** Yesterday's file in a Map, today's compared with it by `fast-deep-equal`. The old file is all its state. */
export function deepEqual(day: Day): Side {
  return {
    name: 'fast-deep-equal over a Map of yesterday’s file',
    async load(world) {
      const files = [peopleFile('first', 'jsonl', world.size), peopleFile(day, 'jsonl', world.size)] as const;
      const { default: equal } = await import('fast-deep-equal');
      return async () => {
        const before = new Map<string, PersonRow>();
        await eachLine(files[0], (line) => {
          const row = JSON.parse(line) as PersonRow;
          before.set(row.employee_id, row);
        });
        const counts = { creates: 0, updates: 0, deletes: 0 };
        const changed: PersonRow[] = [];
        await eachLine(files[1], (line) => {
          const row = JSON.parse(line) as PersonRow;
          const old = before.get(row.employee_id);
          before.delete(row.employee_id);
          if (equal(old, row)) return;
          counts[old === undefined ? 'creates' : 'updates']++;
          changed.push(row);
        });
        counts.deletes = before.size;
        const digest = world.check ? new ChangeDigest() : undefined;
        const gone = [...before.keys()].map((externalId) => ({ externalId }));
        let bodyBytes = 0;
        for (const [kind, items] of [
          ['upsert', changed.map(toRecord)],
          ['delete', gone],
        ] as const)
          for (const body of bodiesOf(items)) {
            bodyBytes += body.length;
            digest?.addBody(kind, body);
          }
        return { counts, digest: digest?.toString(), measures: { bodyBytes } };
      };
    },
  };
}
