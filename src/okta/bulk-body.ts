import type { Batch, Change, ChangeKind, Entity } from '../core/model.js';

/**
 * Encodes a bulk request: joins the encoded changes of one entity and kind into the body that is measured and sent. The
 * members of a group become one entry.
 */
export function makeBatch(entity: Entity, kind: ChangeKind, changes: readonly Change[]): Batch {
  const [head, entries, tail] =
    entity === 'memberships' ? membershipEntries(changes) : plainEntries(entity, kind, changes);
  const body = head + entries.join(',') + tail;
  return {
    entity,
    kind,
    body,
    bytes: Buffer.byteLength(body),
    items: entries.length,
    changes,
    dependent: changes.some((change) => change.dependent),
  };
}

/** The text before the first and after the last entry of a request body. */
export function bodyFrame(entity: Entity, kind: ChangeKind): readonly [head: string, tail: string] {
  if (entity === 'memberships') return ['{"memberships":[', ']}'];
  if (entity === 'groups') return [kind === 'upsert' ? '{"profiles":[' : '{"externalIds":[', ']}'];
  return ['{"entityType":"USERS","profiles":[', ']}'];
}

/** The text before the first and after the last member in the entry of a group. `group` is its id as JSON. */
export function entryFrame(group: string): readonly [head: string, tail: string] {
  return [`{"groupExternalId":${group},"memberExternalIds":[`, ']}'];
}

function plainEntries(
  entity: Entity,
  kind: ChangeKind,
  changes: readonly Change[],
): [string, string[], string] {
  const [head, tail] = bodyFrame(entity, kind);
  return [head, changes.map((change) => change.item), tail];
}

function membershipEntries(changes: readonly Change[]): [string, string[], string] {
  const members = new Map<string, string[]>();
  for (const change of changes) {
    const ids = members.get(change.group);
    if (ids === undefined) members.set(change.group, [change.item]);
    else ids.push(change.item);
  }
  const [head, tail] = bodyFrame('memberships', 'upsert');
  const entries = Array.from(members, ([group, ids]) => {
    const [open, close] = entryFrame(group);
    return open + ids.join(',') + close;
  });
  return [head, entries, tail];
}
