import { ENTITIES } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { countedAtName, type StateStore } from '../state/store.js';

/** Stores the counts of absences of a run, which are counted only if the run has reached its end. */
export async function storeAbsences(state: StateStore, run: RunContext): Promise<void> {
  for (const entity of ENTITIES) {
    const counts = run.absences.get(entity);
    if (counts === undefined) continue;
    const countedAt = run.absencesCountedAt.get(entity);
    if (counts.size > 0 && countedAt !== undefined)
      await state.setMeta(countedAtName(entity), String(countedAt));
    if (counts.size > 0 || (await state.absences(entity)).size > 0) await state.setAbsences(entity, counts);
  }
}
