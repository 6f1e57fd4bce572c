import { StateError } from '../../core/errors.js';
import { ENTITIES } from '../../core/model.js';
import { requireWhole } from '../checks.js';
import type { StateStore } from '../store.js';
import { holdOpen } from '../uses.js';
import type { StateRowCounts } from './export-format.js';

/**
 * Reads all rows of a state, and compares each row with its check sum and their number with `counts`. Returns the number of
 * rows of each entity.
 *
 * @example
 * const { users } = await verifyState(state);
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if anything differs
 */
export function verifyState(state: StateStore): Promise<StateRowCounts> {
  return holdOpen(state, () => readAllRows(state));
}

async function readAllRows(state: StateStore): Promise<StateRowCounts> {
  requireWhole(await state.getMeta('import'));
  const expected = await state.counts();
  const counts = { users: 0, groups: 0, memberships: 0 };
  for (const entity of ENTITIES) {
    let unknown = 0;
    for await (const chunk of state.rows(entity)) {
      counts[entity] += chunk.length;
      for (const { held } of chunk) if (held.kind === 'unknown') unknown++;
    }
    const known = counts[entity] - unknown;
    if (known !== expected[entity].known || unknown !== expected[entity].unknown) {
      throw new StateError(`the state is damaged: its ${entity} are not as many as it says`, {
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
      });
    }
  }
  await state.journal.open();
  return counts;
}
