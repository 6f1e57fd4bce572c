import { requireOneOf, refuseUnknown } from './check-options.js';
import { ENTITIES, type Entity } from './model.js';

/** `full`: the source is the whole directory. `delta`: the source is a feed of changes. */
export type Mode = 'full' | 'delta';

/** One mode for every source, or one for each; a source that is not named is `full`. */
export type Modes = Mode | Readonly<Partial<Record<Entity, Mode>>>;

/** The two modes. */
export const MODES: readonly Mode[] = Object.freeze(['full', 'delta']);

/** The mode of one entity. */
export function modeOf(modes: Modes | undefined, entity: Entity): Mode {
  return (typeof modes === 'object' ? modes[entity] : modes) ?? 'full';
}

/** @throws {@link OptionsError} for anything that is not a mode */
export function checkModes(modes: Modes): void {
  if (typeof modes !== 'object' || modes === null) requireOneOf('mode', modes, MODES);
  else {
    refuseUnknown('mode', modes, ENTITIES);
    for (const entity of ENTITIES) requireOneOf(`mode.${entity}`, modeOf(modes, entity), MODES);
  }
}
