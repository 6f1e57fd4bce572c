import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { draw } from './random.js';
import type { Fault, FaultKind, OrgRequest } from './types.js';

/** Every kind of fault, in the order in which a request draws among them. */
export const FAULT_KINDS: readonly FaultKind[] = Object.freeze([
  'refuse',
  'resetBefore',
  'resetAfter',
  'rateLimit',
  'concurrencyLimit',
  'unavailable',
  'errorBefore',
  'errorAfter',
  'truncated',
  'html',
  'slow',
  'unauthorized',
  'notFound',
  'sessionError',
]);

/** Faults by seed: each request draws once; the seed and the request's number alone decide. */
export interface FaultOptions {
  /** A whole number. The same seed and the same sequence of requests meet the same faults. */
  readonly seed: number;
  /**
   * The share of requests that meet each kind, 0 to 1; together at most 1. The share of `sessionError` is of the
   * start-imports alone, and is drawn apart. A kind that is not named does not happen.
   */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
}

/** A fault for this request, or none. `index` counts the org's requests from 0. */
export type FaultHook = (request: OrgRequest, index: number) => Fault | undefined;

/** Refuses rates that cannot be. */
export function checkFaults(faults: FaultOptions): void {
  refuseUnknown('faults', faults, ['seed', 'rates']);
  requireNumber('faults.seed', faults.seed, { integer: true });
  if (typeof faults.rates !== 'object' || faults.rates === null) {
    throw new OptionsError('faults.rates', 'expected an object of rates by kind');
  }
  refuseUnknown('faults.rates', faults.rates, FAULT_KINDS);
  let sum = 0;
  for (const [kind, rate] of Object.entries(faults.rates)) {
    requireNumber(`faults.rates.${kind}`, rate, { min: 0, max: 1 });
    if (kind !== 'sessionError') sum += rate;
  }
  // Ten tenths are a little more than one.
  if (sum > 1 + 1e-9)
    throw new OptionsError('faults.rates', `the rates add up to ${sum}; expected at most 1`);
}

/** The hook that draws faults by seed. */
export function seededFaults({ seed, rates }: FaultOptions): FaultHook {
  return (request, index) => {
    let left = draw(seed, 0, index);
    for (const kind of FAULT_KINDS) {
      if (kind === 'sessionError') continue;
      const rate = rates[kind] ?? 0;
      if (left < rate) return { kind };
      left -= rate;
    }
    if (!request.path.endsWith('/start-import')) return undefined;
    if (draw(seed, 1, index) >= (rates.sessionError ?? 0)) return undefined;
    // Half of the sessions that fail had nothing applied.
    const share = draw(seed, 2, index);
    return { kind: 'sessionError', applied: share < 0.5 ? 0 : share };
  };
}
