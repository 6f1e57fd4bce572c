import type { Entity, Fingerprint } from '../../core/model.js';
import { writeDigest } from '../../fingerprints/digests.js';
import type { PendingRow } from '../journal.js';
import { UNKNOWN, type AdoptedRow, type Held, type StateStore } from '../store.js';

/** A fingerprint whose digest begins with a text. Two keys must not have the same one, because digests cover the key. */
export const fingerprint = (text = 'f', attributes = ''): Fingerprint => ({
  digest: text.padEnd(16, text[0] ?? 'f').slice(0, 16),
  attributes,
});

/** A confirmed row. */
export const confirmed = <E extends Entity>(entity: E, key: string, of: Fingerprint = fingerprint()) => ({
  entity,
  key,
  held: { kind: 'confirmed' as const, fingerprint: of },
});

/** An unknown row. */
export const unknown = (entity: Entity, key: string) => ({ entity, key, held: UNKNOWN });

/** A row to be removed. */
export const gone = (entity: Entity, key: string): AdoptedRow => ({ entity, key, held: undefined });

/** An upsert in flight. */
export const upserted = (entity: Entity, key: string, of: Fingerprint = fingerprint()): PendingRow => ({
  entity,
  kind: 'upsert',
  key,
  fingerprint: of,
});

/** A deletion in flight. */
export const deleted = (entity: Entity, key: string): PendingRow => ({ entity, kind: 'delete', key });

/** Digests, four words each. */
export function digests(...fingerprints: readonly Fingerprint[]): Uint32Array {
  const words = new Uint32Array(fingerprints.length * 4);
  for (const [i, { digest }] of fingerprints.entries()) writeDigest(digest, words, i);
  return words;
}

/** All rows of one entity, by key. */
export async function heldRows(state: StateStore, entity: Entity): Promise<Record<string, Held>> {
  const rows: Record<string, Held> = {};
  for await (const chunk of state.rows(entity)) for (const { key, held } of chunk) rows[key] = held;
  return rows;
}
