import type { Change } from '../../src/core/model.js';
import type { AdoptedRow } from '../../src/state/store.js';

export * from '../../src/state/contract/rows.js';

/** The row of the baseline after a change was confirmed. */
export const adopted = ({ entity, key, fingerprint: of }: Change): AdoptedRow => ({
  entity,
  key,
  held: of && { kind: 'confirmed', fingerprint: of },
});
