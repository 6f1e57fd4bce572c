import { ENTITIES, type Entity } from './model.js';
import { changesByEntity, type KindCounts } from './results.js';

/** Numbers by entity, such as `3 users, 1 group and 2 memberships`; undefined if all are zero. They are never summed over entities. */
export function entityList(numberOf: (entity: Entity) => number): string | undefined {
  const parts = ENTITIES.filter((entity) => numberOf(entity) > 0).map((entity) =>
    plural(numberOf(entity), entity.slice(0, -1)),
  );
  if (parts.length < 2) return parts[0];
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** The changes of each entity, of all kinds. */
export function changesList(entities: Readonly<Record<Entity, KindCounts>>): string | undefined {
  const changes = changesByEntity(entities);
  return entityList((entity) => changes[entity]);
}

function plural(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
