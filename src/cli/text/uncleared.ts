import type { PlanSummary } from '../../core/results.js';
import { plural, printable } from './words.js';

/** The attributes that leave records and that Okta may keep, one line each. */
export function unclearedLines({ uncleared }: Pick<PlanSummary, 'uncleared'>): string[] {
  return uncleared.map(({ entity, attribute, records, examples }) => {
    const ids = examples.map(printable).join(', ');
    const more = records > examples.length ? ', ...' : '';
    return `No ${printable(attribute)} any more: ${plural(records, entity.slice(0, -1))} (${ids}${more}). Okta does not let a source clear this attribute and may keep its last value; change it in Okta.`;
  });
}
