import { bodyFrame, entryFrame } from './bulk-body.js';
import { OptionsError } from '../core/errors.js';
import { LIMITS } from '../core/limits.js';
import { encodeDeletion, encodeItem, type ChangeKind, type Entity } from '../core/model.js';
import type { EncodedBody, GroupMembers, GroupRecord, UserRecord } from './wire.js';

/** The content of a bulk call: records, or a body that is already encoded. */
export type BulkContent = readonly (UserRecord | GroupRecord | GroupMembers | string)[] | EncodedBody;

/**
 * The body of a bulk request. Records are encoded; an encoded body is used unchanged.
 * @throws {@link OptionsError} for a body that exceeds {@link LIMITS}.
 */
export function encodeBulk(entity: Entity, kind: ChangeKind, content: BulkContent): string {
  const body = 'body' in content ? content.body : encodeRecords(entity, kind, content);
  if (typeof body !== 'string' || body === '') throw new OptionsError('body', 'expected a JSON text');
  const bytes = Buffer.byteLength(body);
  if (bytes > LIMITS.bytesPerRequest) {
    throw new OptionsError('body', `expected at most ${LIMITS.bytesPerRequest} bytes, got ${bytes}`);
  }
  return body;
}

function encodeRecords(entity: Entity, kind: ChangeKind, records: Exclude<BulkContent, EncodedBody>): string {
  if (!Array.isArray(records) || records.length < 1 || records.length > LIMITS.itemsPerRequest) {
    throw new OptionsError(entity, `expected an array of 1 to ${LIMITS.itemsPerRequest} items`);
  }
  const [head, tail] = bodyFrame(entity, kind);
  return head + records.map((record: unknown) => encodeRecord(entity, kind, record)).join(',') + tail;
}

function encodeRecord(entity: Entity, kind: ChangeKind, record: unknown): string {
  if (entity === 'memberships') {
    const { groupExternalId, memberExternalIds } = record as GroupMembers;
    const [open, close] = entryFrame(JSON.stringify(groupExternalId));
    const ids = memberExternalIds.map(
      (id) => encodeItem(entity, { groupExternalId, memberExternalId: id }).item,
    );
    return open + ids.join(',') + close;
  }
  if (kind === 'delete') return encodeDeletion(entity, record as string).item;
  return encodeItem(entity, record as UserRecord).item;
}
