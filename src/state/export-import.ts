import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { refuseUnknown, requireBoolean } from '../core/check-options.js';
import { StateError } from '../core/errors.js';
import { ENTITIES, type Entity } from '../core/model.js';
import { loginOf } from '../fingerprints/login-fingerprints.js';
import { isEmpty, requireSettled, requireWhole } from './checks.js';
import { DELETIONS_BY_DAY } from './deletions-by-day.js';
import { ATTRIBUTE_NAMES } from './known-attributes.js';
import { OWED_RECORDS } from './owed-records.js';
import { holdOpen } from './uses.js';
import { REFUSED_RECORDS } from './remembered-refusals.js';
import {
  heldBackSinceName,
  IMPORT_UNFINISHED,
  LOOKUP_FILES,
  leftOutName,
  sourceFilesName,
  UNKNOWN,
  type AdoptedRow,
  type Held,
  type HeldRow,
  type StateIdentity,
  type StateStore,
} from './store.js';

const EXPORT_FORMAT = 'rollcall-state-1';
const ROWS_PER_LINE = 500;
const DIGEST_BYTES = 16;

/** The number of rows of each entity that {@link exportState}, {@link importState} or {@link verifyState} processed. */
export type StateRowCounts = Readonly<Record<Entity, number>>;

/** The first line of an export. */
interface Header extends StateIdentity {
  readonly format: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** A line between the first and the last: rows of one entity. A fingerprint is its bytes in Base64. */
interface RowsLine {
  readonly entity: Entity;
  readonly rows: readonly (readonly [key: string, fingerprint: string])[];
}

/** The last line. A file without it is incomplete. */
interface Footer {
  readonly counts: StateRowCounts;
  /** SHA-256 of everything before it. */
  readonly sha256: string;
}

/** The meta values that are exported, among them those with which the guard recognises slow losses. */
const META = [
  'watermark',
  OWED_RECORDS,
  REFUSED_RECORDS,
  ...ATTRIBUTE_NAMES,
  DELETIONS_BY_DAY,
  LOOKUP_FILES,
  ...ENTITIES.flatMap((entity) => [heldBackSinceName(entity), sourceFilesName(entity), leftOutName(entity)]),
];

/**
 * Writes the content of a state to a file, as a backup or for another machine: external ids, keyed fingerprints and their
 * key. It contains no profile. The mode of the file is 0600. If writing fails, there is no file.
 *
 * @throws {@link StateError} if a session is in flight (run `sync` first, because the session would change the rows), or if
 * the file cannot be written
 */
export function exportState(state: StateStore, file: string): Promise<StateRowCounts> {
  return holdOpen(state, () => writeExport(state, file));
}

async function writeExport(state: StateStore, file: string): Promise<StateRowCounts> {
  await requireSettled(state);
  // The export of an unfinished import would look complete.
  requireWhole(await state.getMeta('import'));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      const digest = createHash('sha256');
      const counts = { users: 0, groups: 0, memberships: 0 };
      for await (const line of exportedLines(state, counts)) {
        digest.update(line);
        await handle.write(line);
      }
      await handle.write(`${JSON.stringify({ counts, sha256: digest.digest('hex') } satisfies Footer)}\n`);
      await handle.sync();
      await handle.close();
      await rename(temporary, file);
      return counts;
    } catch (error) {
      await handle.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (cause) {
    throw cause instanceof StateError ? cause : new StateError('the export could not be written', { cause });
  }
}

async function* exportedLines(
  state: StateStore,
  counts: Record<Entity, number>,
): AsyncGenerator<string, void, undefined> {
  const meta: Record<string, string> = {};
  for (const name of META) {
    const value = await state.getMeta(name);
    if (value !== undefined) meta[name] = value;
  }
  const header: Header = {
    format: EXPORT_FORMAT,
    fingerprintKey: state.fingerprintKey,
    target: await state.target(),
    lastTriggeredAt: await state.journal.lastTriggeredAt(),
    meta,
  };
  yield `${JSON.stringify(header)}\n`;
  for (const entity of ENTITIES) {
    for await (const chunk of state.rows(entity)) {
      counts[entity] += chunk.length;
      for (let start = 0; start < chunk.length; start += ROWS_PER_LINE) {
        const rows = chunk
          .slice(start, start + ROWS_PER_LINE)
          .map(({ key, held }) => [key, textOf(held)] as const);
        yield `${JSON.stringify({ entity, rows } satisfies RowsLine)}\n`;
      }
    }
  }
}

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

/** The digest and attribute fingerprints of a confirmed row in Base64; `''` for an unknown row. */
function textOf(held: Held): string {
  if (held.kind === 'unknown') return '';
  const { digest, attributes } = held.fingerprint;
  return Buffer.from(digest + attributes, 'latin1').toString('base64');
}

function toRow(entity: Entity, [key, text]: readonly [string, string]): HeldRow {
  if (text === '') return { entity, key, held: UNKNOWN };
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < DIGEST_BYTES) throw damaged();
  const fingerprint = {
    digest: bytes.toString('latin1', 0, DIGEST_BYTES),
    attributes: bytes.toString('latin1', DIGEST_BYTES),
  };
  return { entity, key, held: { kind: 'confirmed', fingerprint } };
}

/** Reads an export to its end and compares it with the check sum in its last line. */
async function checkExport(file: string): Promise<{ header: Header; footer: Footer }> {
  const digest = createHash('sha256');
  let header: Header | undefined;
  let footer: Footer | undefined;
  for await (const line of linesOf(file)) {
    if (footer !== undefined) throw damaged();
    if (header === undefined) header = parseHeader(line);
    else footer = parseFooter(line);
    if (footer === undefined) digest.update(`${line}\n`);
  }
  if (header === undefined || footer === undefined || !matches(digest, footer)) throw damaged();
  return { header, footer };
}

function matches(digest: Hash, footer: Footer): boolean {
  return digest.digest('hex') === footer.sha256;
}

function parseHeader(line: string): Header {
  const header = parse(line) as Partial<Header>;
  if (header.format !== EXPORT_FORMAT || !/^[0-9a-f]{32}$/.test(header.fingerprintKey ?? '')) {
    throw new StateError('the file is no export of a state that this version knows', {
      code: 'ERR_ROLLCALL_STATE_FORMAT',
    });
  }
  return { meta: {}, ...header } as Header;
}

function parseFooter(line: string): Footer | undefined {
  const value = parse(line) as Partial<Footer>;
  return value.sha256 === undefined ? undefined : (value as Footer);
}

function parse(line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch {
    // The error has no cause, because the parser's message quotes the line, which contains ids.
    throw damaged();
  }
}

async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  const input = createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (cause) {
    throw new StateError('the export could not be read', { cause });
  } finally {
    input.destroy();
  }
}

function damaged(): StateError {
  return new StateError('the export is damaged or not whole', { code: 'ERR_ROLLCALL_STATE_CORRUPT' });
}

/**
 * Reads all rows of a state, and compares each row with its check sum and their number with `counts`. Returns the number of
 * rows of each entity.
 *
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if anything differs
 */
export function verifyState(state: StateStore): Promise<StateRowCounts> {
  return holdOpen(state, () => readAllRows(state));
}

async function readAllRows(state: StateStore): Promise<StateRowCounts> {
  requireWhole(await state.getMeta('import'));
  const expected = await state.counts();
  const counts = { users: 0, groups: 0, memberships: 0 };
  for (const entity of ENTITIES) {
    let unknown = 0;
    for await (const chunk of state.rows(entity)) {
      counts[entity] += chunk.length;
      for (const { held } of chunk) if (held.kind === 'unknown') unknown++;
    }
    const known = counts[entity] - unknown;
    if (known !== expected[entity].known || unknown !== expected[entity].unknown) {
      throw new StateError(`the state is damaged: its ${entity} are not as many as it says`, {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
  }
  await state.journal.open();
  return counts;
}
