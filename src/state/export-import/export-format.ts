import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { DELETIONS_BY_DAY } from '../deletions-by-day.js';
import { ATTRIBUTE_NAMES } from '../known-attributes.js';
import { OWED_RECORDS } from '../owed-records.js';
import { REFUSED_RECORDS } from '../remembered-refusals.js';
import {
  heldBackSinceName,
  LOOKUP_FILES,
  leftOutName,
  sourceFilesName,
  UNKNOWN,
  type Held,
  type HeldRow,
  type StateIdentity,
} from '../store.js';

export const EXPORT_FORMAT = 'rollcall-state-1';
const DIGEST_BYTES = 16;

/** The number of rows of each entity that {@link exportState}, {@link importState} or {@link verifyState} processed. */
export type StateRowCounts = Readonly<Record<Entity, number>>;

/** The first line of an export. */
export interface Header extends StateIdentity {
  readonly format: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** A line between the first and the last: rows of one entity. A fingerprint is its bytes in Base64. */
export interface RowsLine {
  readonly entity: Entity;
  readonly rows: readonly (readonly [key: string, fingerprint: string])[];
}

/** The last line. A file without it is incomplete. */
export interface Footer {
  readonly counts: StateRowCounts;
  /** SHA-256 of everything before it. */
  readonly sha256: string;
}

/** The meta values that are exported, among them those with which the guard recognises slow losses. */
export const META = [
  'watermark',
  OWED_RECORDS,
  REFUSED_RECORDS,
  ...ATTRIBUTE_NAMES,
  DELETIONS_BY_DAY,
  LOOKUP_FILES,
  ...ENTITIES.flatMap((entity) => [heldBackSinceName(entity), sourceFilesName(entity), leftOutName(entity)]),
];

/** The digest and attribute fingerprints of a confirmed row in Base64; `''` for an unknown row. */
export function textOf(held: Held): string {
  if (held.kind === 'unknown') return '';
  const { digest, attributes } = held.fingerprint;
  return Buffer.from(digest + attributes, 'latin1').toString('base64');
}

export function toRow(entity: Entity, [key, text]: readonly [string, string]): HeldRow {
  if (text === '') return { entity, key, held: UNKNOWN };
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < DIGEST_BYTES) throw damaged();
  const fingerprint = {
    digest: bytes.toString('latin1', 0, DIGEST_BYTES),
    attributes: bytes.toString('latin1', DIGEST_BYTES),
  };
  return { entity, key, held: { kind: 'confirmed', fingerprint } };
}

export function damaged(): StateError {
  return new StateError('the export is damaged or not whole', { code: 'ERR_ROLLCALL_STATE_CORRUPT' });
}
