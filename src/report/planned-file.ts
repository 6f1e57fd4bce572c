import type { PlannedChange } from '../core/planned-change.js';
import { joinNames } from './files/csv-cells.js';
import { RowFile } from './files/row-file.js';
import { csvRows, jsonRows } from './files/row-format.js';

const COLUMNS = [
  'entity',
  'action',
  'externalId',
  'memberExternalId',
  'reason',
  'changedAttributes',
] as const;

/** The formats of {@link PlannedFile}. */
export type PlannedFormat = 'csv' | 'jsonl';

/** A file with every change of a plan, one row each, in the order in which the changes were found. It has no profile values. */
export class PlannedFile {
  readonly file: Pick<RowFile<unknown>, 'path' | 'count' | 'seal' | 'content' | 'commit' | 'discard'>;
  readonly #add: (change: PlannedChange) => void;

  constructor(path: string, format: PlannedFormat = 'csv') {
    if (format === 'jsonl') {
      const file = new RowFile(path, jsonRows<PlannedChange>());
      this.file = file;
      this.#add = (change) => file.add(change);
    } else {
      const file = new RowFile(path, csvRows(COLUMNS));
      this.file = file;
      this.#add = ({ entity, action, externalId, memberExternalId = '', reason, changedAttributes = [] }) =>
        file.add([entity, action, externalId, memberExternalId, reason, joinNames(changedAttributes)]);
    }
  }

  /** Adds changes. Never throws: `seal` of the file does. */
  add(changes: readonly PlannedChange[]): void {
    for (const change of changes) this.#add(change);
  }
}
