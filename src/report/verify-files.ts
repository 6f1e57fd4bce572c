import { join } from 'node:path';
import type { Difference, VerifyReport } from '../core/verify-results.js';
import { joinNames } from './files/csv-cells.js';
import { makeDirectory } from './files/make-directory.js';
import { withOutput } from './files/output.js';
import { RowFile } from './files/row-file.js';
import { csvRows } from './files/row-format.js';
import { verifyPage } from './page/verify-page.js';

const COLUMNS = ['entity', 'status', 'externalId', 'memberExternalId', 'attributes', 'oktaId'] as const;

/** The files that {@link createVerifyFiles} writes. */
export interface VerifyFiles {
  /** Adds a difference. Never throws. */
  add(difference: Difference): void;
  /**
   * Writes `differences.csv`, `verify.json` and `verify.html`. Without a report, because `verify` failed, it writes nothing.
   * @throws {@link OutputError} if they cannot be written
   */
  finish(report: VerifyReport | undefined): Promise<void>;
}

/** The most bytes of a file that the page contains, so that it can be mailed. */
const MOST_EMBEDDED = 1_000_000;

/** The most differences of each entity and status on the page. */
const MOST_LISTED = 100;

/**
 * The report of `verify` as files in a directory: `differences.csv` has a row for each difference, `verify.json` the counts, and
 * `verify.html` shows both for people. They contain ids and names of attributes, but no values.
 * @throws {@link OutputError} if the directory cannot be created or written
 */
export function createVerifyFiles(directory: string): VerifyFiles {
  makeDirectory(directory);
  const file = new RowFile(join(directory, 'differences.csv'), csvRows(COLUMNS));
  const listed = new Map<string, { readonly of: Difference; all: number; readonly first: Difference[] }>();
  return {
    add: (difference) => {
      const { entity, status, externalId = '', memberExternalId = '', attributes, oktaId = '' } = difference;
      file.add([entity, status, externalId, memberExternalId, joinNames(attributes), oktaId]);
      const kind = `${status} ${entity}`;
      const list = listed.get(kind) ?? { of: difference, all: 0, first: [] };
      listed.set(kind, list);
      list.all++;
      if (list.first.length < MOST_LISTED) list.first.push(difference);
    },
    finish: async (report) => {
      if (report === undefined) return file.discard();
      const lists = Array.from(listed.values(), ({ of: { status, entity }, all, first }) => ({
        status,
        entity,
        all,
        first,
      }));
      const json = `${JSON.stringify(report, null, 2)}\n`;
      try {
        await withOutput(join(directory, 'verify.json'), async (write) => {
          await write(json);
          await withOutput(join(directory, 'verify.html'), async (writePage) => {
            file.seal();
            await writePage(
              verifyPage(report, lists, (name) =>
                name === 'verify.json' ? json : file.content(MOST_EMBEDDED),
              ),
            );
          });
          file.commit();
        });
      } catch (error) {
        file.discard();
        throw error;
      }
    },
  };
}
