import { createHash } from 'node:crypto';
import { refuseUnknown, requireBoolean } from '../../core/check-options.js';
import { StateError } from '../../core/errors.js';
import { loginOf } from '../../fingerprints/login-fingerprints.js';
import { isEmpty } from '../checks.js';
import { IMPORT_UNFINISHED, UNKNOWN, type AdoptedRow, type HeldRow, type StateStore } from '../store.js';
import { holdOpen } from '../uses.js';
import { damaged, META, toRow, type Footer, type RowsLine, type StateRowCounts } from './export-format.js';
import { checkExport, linesOf, matches, parse } from './read-export.js';

/** Options of {@link importState}. */
export interface ImportOptions {
  /**
   * True if nothing was synced since the export. Then its rows are confirmed. Otherwise they are unknown, because later runs with
   * the exported state may have changed or deleted them in Okta: the next sync sends them again, or deletes them if they left the
   * source.
   * @defaultValue `false`
   */
  readonly asOfNow?: boolean;
}

/**
 * Fills an empty state from an export. Its rows are unknown, unless `asOfNow` is set. The whole file is read and checked before the first write. If an import is
 * interrupted, the state cannot be used until the file is imported again.
 *
 * @example
 * await using empty = await openState('./restored');
 * await importState('backup.jsonl', empty, { asOfNow: true });
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_NOT_EMPTY` if the state has rows or sessions, `ERR_ROLLCALL_STATE_CORRUPT` if
 * the file is incomplete or changed, `ERR_ROLLCALL_STATE_FORMAT` if it is not an export that this version can read
 */
export async function importState(
  file: string,
  state: StateStore,
  options: ImportOptions = {},
): Promise<StateRowCounts> {
  refuseUnknown('importState', options, ['asOfNow']);
  const asOfNow = requireBoolean('asOfNow', options.asOfNow ?? false);
  return holdOpen(state, () => readExport(file, state, asOfNow));
}

async function readExport(file: string, state: StateStore, asOfNow: boolean): Promise<StateRowCounts> {
  const isUnfinished = (await state.getMeta('import')) === IMPORT_UNFINISHED;
  if (!isUnfinished && !(await isEmpty(state))) {
    throw new StateError('the state is not empty: import into a new directory', {
      code: 'ERR_ROLLCALL_STATE_NOT_EMPTY',
    });
  }
  const { header, footer } = await checkExport(file);
  const { fingerprintKey, target, lastTriggeredAt } = header;
  await state.restore({ fingerprintKey, target, lastTriggeredAt });
  const digest = createHash('sha256');
  for await (const line of linesOf(file)) {
    const { entity, rows, sha256 } = parse(line) as Partial<RowsLine & Footer>;
    if (sha256 === undefined) digest.update(`${line}\n`);
    if (entity === undefined || rows === undefined) continue;
    const read = rows.map((row) => toRow(entity, row));
    await state.adopt(asOfNow ? read : read.map(doubted));
  }
  // The file may have been changed after it was checked.
  if (!matches(digest, footer)) throw damaged();
  for (const name of META) {
    const value = header.meta[name];
    if (value !== undefined) await state.setMeta(name, value);
  }
  await state.setMeta('import', '');
  return footer.counts;
}

/** The row, as unknown. */
function doubted({ entity, key, held }: HeldRow): AdoptedRow {
  const login = held.kind === 'confirmed' ? loginOf(held.fingerprint.attributes) : undefined;
  return { entity, key, held: UNKNOWN, login };
}
