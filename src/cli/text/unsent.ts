import { ENTITIES, type Entity } from '../../core/model.js';
import type { EntityReport } from '../../core/results.js';
import { plural } from './words.js';

/** The line about the changes that `--only` or `--first` leave out; none without them. */
export function unsentLines(sources: Readonly<Partial<Record<Entity, EntityReport>>>): string[] {
  const parts = ENTITIES.flatMap((entity) => {
    const { unsent = 0 } = sources[entity] ?? {};
    return unsent === 0 ? [] : [`${plural(unsent, 'change')} of ${entity}`];
  });
  if (parts.length === 0) return [];
  return [`Left out by --only or --first: ${parts.join(', ')}. A sync without them sends the rest.`];
}
