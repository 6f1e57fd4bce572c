import { membershipKey, type Entity } from '../../core/model.js';

/**
 * The keys that an id can stand for. A membership is written `GROUP/MEMBER`; as ids may contain slashes themselves, each slash can be
 * the one between the two.
 */
export function wantedKeys(entity: Entity, id: string): readonly string[] {
  if (entity !== 'memberships') return [id];
  return Array.from(id.matchAll(/\//g), ({ index }) => [id.slice(0, index), id.slice(index + 1)] as const)
    .filter(([group, member]) => group !== '' && member !== '')
    .map(([group, member]) => membershipKey(group, member));
}
