import { join } from 'node:path';
import type { Difference, VerifyReport } from '../core/verify-results.js';
import { joinNames } from './files/csv-cells.js';
import { makeDirectory } from './files/make-directory.js';
import { withOutput } from './files/output.js';
import { RowFile } from './files/row-file.js';

const COLUMNS = ['entity', 'status', 'externalId', 'memberExternalId', 'attributes', 'oktaId'] as const;

/** The files that {@link createVerifyFiles} writes. */
export interface VerifyFiles {
  /** Adds a difference. Never throws. */
  add(difference: Difference): void;
  /**
   * Writes `differences.csv` and `verify.json`. Without a report, because `verify` failed, it writes nothing.
   * @throws {@link OutputError} if they cannot be written
   */
  finish(report: VerifyReport | undefined): Promise<void>;
}

/**
 * The report of `verify` as files in a directory: `differences.csv` has a row for each difference, `verify.json` the counts. They
 * contain ids and names of attributes, but no values. @throws {@link OutputError} if the directory cannot be created or written
 */
export function createVerifyFiles(directory: string): VerifyFiles {
  makeDirectory(directory);
  const file = new RowFile(join(directory, 'differences.csv'), COLUMNS);
  return {
    add: ({ entity, status, externalId = '', memberExternalId = '', attributes, oktaId = '' }) =>
      file.add([entity, status, externalId, memberExternalId, joinNames(attributes), oktaId]),
    finish: async (report) => {
      if (report === undefined) return file.discard();
      try {
        await withOutput(join(directory, 'verify.json'), async (write) => {
          await write(`${JSON.stringify(report, null, 2)}\n`);
          file.seal();
          file.commit();
        });
      } catch (error) {
        file.discard();
        throw error;
      }
    },
  };
}
