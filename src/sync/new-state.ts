import { ENTITIES } from '../core/model.js';
import type { StateStore } from '../state/store.js';

/**
 * True if a state has no rows and never triggered a session. A person who left the source before the first run with such a
 * state cannot be found: nothing says that Okta has them.
 */
export async function isNewState(state: StateStore): Promise<boolean> {
  const counts = await state.counts();
  const isEmpty = ENTITIES.every((entity) => counts[entity].known + counts[entity].unknown === 0);
  return isEmpty && (await state.journal.lastTriggeredAt()) === undefined;
}
