import { entityList } from './entity-list.js';
import { DIFFERENCE_STATUSES, type VerifyReport } from './verify-results.js';

/** The entities that are not as expected, such as `2 users and 1 group`; undefined if all are. */
export function differingList(counts: VerifyReport['counts']): string | undefined {
  return entityList((entity) => DIFFERENCE_STATUSES.reduce((sum, status) => sum + counts[entity][status], 0));
}
