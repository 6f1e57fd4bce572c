import { encodeDeletion, splitMembershipKey, type Change } from '../model.js';
import type { Lane } from './store.js';

/** Flags, and the lengths of the four parts. */
const HEAD_BYTES = 17;
const CREATED = 1;
/** Stands between the names of attributes, which may hold anything but that. */
const SEPARATOR = '\0';

/**
 * A change as bytes: flags, fingerprint, names of changed attributes, key and item. What its lane or its key says
 * already is left out.
 */
export function encodeChange(change: Change): Buffer {
  const item = change.entity !== 'memberships' && change.kind === 'upsert' ? change.item : '';
  const names = change.changed === undefined ? '' : change.changed.join(SEPARATOR);
  const fingerprintBytes = change.fingerprint.length;
  const namesBytes = Buffer.byteLength(names);
  const keyBytes = Buffer.byteLength(change.key);
  const itemBytes = Buffer.byteLength(item);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + fingerprintBytes + namesBytes + keyBytes + itemBytes);
  bytes[0] = change.created ? CREATED : 0;
  bytes.writeUInt32LE(fingerprintBytes, 1);
  bytes.writeUInt32LE(namesBytes, 5);
  bytes.writeUInt32LE(keyBytes, 9);
  bytes.writeUInt32LE(itemBytes, 13);
  let at = HEAD_BYTES;
  // One byte a character: a fingerprint is a digest, and not text.
  at += bytes.write(change.fingerprint, at, 'latin1');
  at += bytes.write(names, at, 'utf8');
  at += bytes.write(change.key, at, 'utf8');
  bytes.write(item, at, 'utf8');
  return bytes;
}

/** The changes of a block, in order. */
export function decodeChanges(bytes: Buffer, lane: Lane): Change[] {
  const { entity, kind, dependent } = lane;
  const changes: Change[] = [];
  for (let at = 0; at < bytes.length;) {
    const created = bytes[at] === CREATED;
    const fingerprintEnd = at + HEAD_BYTES + bytes.readUInt32LE(at + 1);
    const namesEnd = fingerprintEnd + bytes.readUInt32LE(at + 5);
    const keyEnd = namesEnd + bytes.readUInt32LE(at + 9);
    const itemEnd = keyEnd + bytes.readUInt32LE(at + 13);
    const fingerprint = bytes.toString('latin1', at + HEAD_BYTES, fingerprintEnd);
    const names = bytes.toString('utf8', fingerprintEnd, namesEnd);
    const key = bytes.toString('utf8', namesEnd, keyEnd);
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
        changed: names === '' ? undefined : names.split(SEPARATOR),
        dependent,
      });
    }
    at = itemEnd;
  }
  return changes;
}
