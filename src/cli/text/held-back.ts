import { ENTITIES, type Entity } from '../../core/model.js';
import { plural } from './words.js';

const RECORD =
  'a record could not be identified, and may be any of them, or the last record of them in a feed was rejected';

/** One line for each entity of which deletions are held back. */
export function heldBackLines(counts: Readonly<Record<Entity, number>>): string[] {
  return ENTITIES.filter((entity) => counts[entity] > 0).map((entity) => {
    const reason = entity === 'groups' ? `memberships of theirs are held back, or ${RECORD}` : RECORD;
    return `${plural(counts[entity], 'deletion')} of ${entity} held back: ${reason}.`;
  });
}
