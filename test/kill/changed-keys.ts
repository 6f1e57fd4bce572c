import { ENTITIES, keyOf } from '../../src/core/model.js';
import type { SourceDirectory } from '../support/world.js';

/** `entity key` of all that differs between two days. */
export function changedKeys(before: SourceDirectory, after: SourceDirectory): ReadonlySet<string> {
  const texts = (day: SourceDirectory) =>
    new Map(
      ENTITIES.flatMap((entity) =>
        day[entity].map((record) => [`${entity} ${keyOf(entity, record)}`, JSON.stringify(record)] as const),
      ),
    );
  const [old, current] = [texts(before), texts(after)];
  const keys = new Set([...old.keys(), ...current.keys()]);
  return new Set([...keys].filter((key) => old.get(key) !== current.get(key)));
}
