import { encodeDeletion, splitMembershipKey, type Change } from '../model.js';
import type { Lane } from './store.js';

/** A fingerprint is 16 characters of 8 bits. */
const FINGERPRINT_BYTES = 16;
const CREATED = 1;

/** A change as bytes: flags, fingerprint, key and item. What its lane or its key says already is left out. */
export function encodeChange(change: Change): Buffer {
  const keyBytes = Buffer.byteLength(change.key);
  const item = change.entity !== 'memberships' && change.kind === 'upsert' ? change.item : '';
  const itemBytes = Buffer.byteLength(item);
  const bytes = Buffer.allocUnsafe(9 + FINGERPRINT_BYTES + keyBytes + itemBytes);
  bytes[0] = change.created ? CREATED : 0;
  bytes.writeUInt32LE(keyBytes, 1);
  bytes.writeUInt32LE(itemBytes, 5);
  bytes.fill(0, 9, 9 + FINGERPRINT_BYTES);
  bytes.write(change.fingerprint, 9, FINGERPRINT_BYTES, 'latin1');
  bytes.write(change.key, 9 + FINGERPRINT_BYTES, 'utf8');
  bytes.write(item, 9 + FINGERPRINT_BYTES + keyBytes, 'utf8');
  return bytes;
}

/** The changes of a block, in order. */
export function decodeChanges(bytes: Buffer, lane: Lane): Change[] {
  const { entity, kind, dependent } = lane;
  const changes: Change[] = [];
  for (let at = 0; at < bytes.length;) {
    const created = bytes[at] === CREATED;
    const keyEnd = at + 9 + FINGERPRINT_BYTES + bytes.readUInt32LE(at + 1);
    const itemEnd = keyEnd + bytes.readUInt32LE(at + 5);
    const fingerprint = kind === 'delete' ? '' : bytes.toString('latin1', at + 9, at + 9 + FINGERPRINT_BYTES);
    const key = bytes.toString('utf8', at + 9 + FINGERPRINT_BYTES, keyEnd);
    if (kind === 'delete') {
      changes.push({ entity, kind, key, ...encodeDeletion(entity, key), fingerprint, created, dependent });
    } else if (entity === 'memberships') {
      const { groupExternalId, memberExternalId } = splitMembershipKey(key);
      const [item, group] = [JSON.stringify(memberExternalId), JSON.stringify(groupExternalId)];
      changes.push({ entity, kind, key, item, group, fingerprint, created, dependent });
    } else {
      changes.push({
        entity,
        kind,
        key,
        item: bytes.toString('utf8', keyEnd, itemEnd),
        group: '',
        fingerprint,
        created,
        dependent,
      });
    }
    at = itemEnd;
  }
  return changes;
}
