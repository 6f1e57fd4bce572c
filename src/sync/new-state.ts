import { ENTITIES } from '../core/model.js';
import type { StateStore } from '../state/store.js';

/**
 * True if a state has no rows and never triggered a session. With such a state, people who left the source before the run cannot
 * be found, because the state does not contain them.
 */
export async function isNewState(state: StateStore): Promise<boolean> {
  const counts = await state.counts();
  const isEmpty = ENTITIES.every((entity) => counts[entity].known + counts[entity].unknown === 0);
  return isEmpty && (await state.journal.lastTriggeredAt()) === undefined;
}
