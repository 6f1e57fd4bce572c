import type { PendingRow } from '../journal.js';
import type { StoredLoad } from './lmdb-tables.js';
import { decodeKey, DIGEST_BYTES, encodeKey } from './row-codec.js';

/**
 * Encodes the rows of a load for the journal: entity and kind once for each group of rows, all keys and all fingerprints joined.
 * @throws {@link StateError} if a key is too long for LMDB, so that such a load is never sent
 */
export function packRows(rows: readonly PendingRow[]): StoredLoad {
  const packed: StoredLoad[number][] = [];
  for (let start = 0; start < rows.length;) {
    const { entity, kind } = rows[start] as PendingRow;
    let end = start + 1;
    while (rows[end]?.entity === entity && rows[end]?.kind === kind) end++;
    const part = rows.slice(start, end);
    const keys = part.map(({ key }) => encodeKey(key));
    const fingerprints = part.map((row) =>
      row.kind === 'delete' ? '' : row.fingerprint.digest + row.fingerprint.attributes,
    );
    packed.push({
      entity,
      kind,
      keys: Buffer.concat(keys),
      keyLengths: keys.map(({ length }) => length),
      fingerprints: Buffer.from(fingerprints.join(''), 'latin1'),
      fingerprintLengths: fingerprints.map(({ length }) => length),
    });
    start = end;
  }
  return packed;
}

/** The rows that {@link packRows} packed. */
export function unpackRows(load: StoredLoad): PendingRow[] {
  return load.flatMap(({ entity, kind, keyLengths, fingerprintLengths, ...bytes }) => {
    const keys = asBuffer(bytes.keys);
    const fingerprints = asBuffer(bytes.fingerprints);
    let keyAt = 0;
    let at = 0;
    return keyLengths.map((length, i): PendingRow => {
      const key = decodeKey(keys.subarray(keyAt, (keyAt += length)));
      if (kind === 'delete') return { entity, kind, key };
      const end = at + (fingerprintLengths[i] as number);
      const digest = fingerprints.toString('latin1', at, at + DIGEST_BYTES);
      const attributes = fingerprints.toString('latin1', at + DIGEST_BYTES, end);
      at = end;
      return { entity, kind, key, fingerprint: { digest, attributes } };
    });
  });
}

/** The same bytes: LMDB returns those of a large value without the methods of a `Buffer`. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
