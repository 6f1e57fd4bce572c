import { ENTITIES, type Entity } from '../../core/model.js';
import type { EntityReport } from '../../core/results.js';
import { plural } from './words.js';

/** How many rows were left out, as one line of text; none if there were none. */
export function leftOutLines(sources: Readonly<Partial<Record<Entity, EntityReport>>>): string[] {
  const counts = ENTITIES.flatMap((entity) => {
    const leftOut = sources[entity]?.leftOut ?? 0;
    return leftOut === 0 ? [] : [plural(leftOut, entity.slice(0, -1))];
  });
  return counts.length === 0
    ? []
    : [`Left out by a condition, or because their user or group is not in scope: ${counts.join(', ')}.`];
}
