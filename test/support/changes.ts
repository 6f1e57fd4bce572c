import fc from 'fast-check';
import {
  encodeDeletion,
  encodeItem,
  membershipKey,
  type Change,
  type ChangeKind,
  type Entity,
} from '../../src/core/model.js';
import { fingerprint } from './rows.js';

/** A change of a user or group with this key and about this many bytes. */
export function profileChange(
  entity: 'users' | 'groups',
  kind: ChangeKind,
  key: string,
  text: string,
  created = true,
): Change {
  const { item, group } =
    kind === 'delete'
      ? encodeDeletion(entity, key)
      : encodeItem(entity, { externalId: key, profile: { displayName: text } });
  return {
    entity,
    kind,
    key,
    item,
    group,
    fingerprint: kind === 'delete' ? undefined : fingerprint(),
    created: created && kind === 'upsert',
    dependent: false,
  };
}

/** A change of a membership. */
export function membershipChange(
  kind: ChangeKind,
  groupExternalId: string,
  memberExternalId: string,
  dependent = false,
): Change {
  const { item, group } = encodeItem('memberships', { groupExternalId, memberExternalId });
  const key = membershipKey(groupExternalId, memberExternalId);
  return {
    entity: 'memberships',
    kind,
    key,
    item,
    group,
    fingerprint: kind === 'delete' ? undefined : fingerprint(),
    created: kind === 'upsert',
    dependent,
  };
}

/** Text with characters of one, two and three bytes in UTF-8, and with characters that JSON escapes. */
export const awkwardText = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'ä', '汉', '"', '\\', '\n', '\u0001', 'é'), maxLength });

/** Changes of every kind with different keys, in any order. */
export const anyChanges = (max = 600) =>
  fc
    .array(
      fc.record({
        entity: fc.constantFrom<Entity>('users', 'groups', 'memberships'),
        kind: fc.constantFrom<ChangeKind>('upsert', 'delete'),
        text: awkwardText(40),
        repeat: fc.constantFrom(1, 1, 1, 30, 400),
        group: fc.nat(9),
        dependent: fc.boolean(),
      }),
      { maxLength: max, size: 'large' },
    )
    .map((specs) =>
      specs.map(({ entity, kind, text, repeat, group, dependent }, i) =>
        entity === 'memberships'
          ? membershipChange(kind, `group ${group} ${text.slice(0, 3)}`, `member ${i} ${text}`, dependent)
          : {
              ...profileChange(entity, kind, `${entity} ${i}`, text.repeat(repeat)),
              dependent: dependent && (entity === 'users') === (kind === 'upsert'),
            },
      ),
    );
