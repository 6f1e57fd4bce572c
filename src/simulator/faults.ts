import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { draw } from './random.js';
import type { Fault, FaultKind, OrgRequest } from './types.js';

/**
 * All kinds of faults, in the order in which they are drawn for a request.
 * @example
 * const rates = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0.01]));
 * await using org = await startOrg({ faults: { seed: 7, rates } });
 */
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
  'late',
  'staleGet',
  'staleList',
]);

/** Random faults: each request draws once; only the seed and the number of the request decide. */
export interface FaultOptions {
  /** A whole number. The same seed and the same sequence of requests produce the same faults. */
  readonly seed: number;
  /**
   * The share of requests with each kind of fault, from 0 to 1; together at most 1. The share of `sessionError` refers to
   * start-import requests only, and is drawn separately. A kind that is not listed does not occur.
   */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
}

/** Returns the fault for a request, or undefined. `index` counts the requests of the org from 0. */
export type FaultHook = (request: OrgRequest, index: number) => Fault | undefined;

/** @throws OptionsError for invalid rates. */
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
  // In floating point, the sum of ten times 0.1 differs slightly from 1.
  if (sum > 1 + 1e-9)
    throw new OptionsError('faults.rates', `the rates add up to ${sum}; expected at most 1`);
}

/** False for a stale view where none is asked for. */
function concerns(kind: FaultKind, { method, path }: OrgRequest): boolean {
  if (kind === 'staleGet') return method === 'GET' && /\/sessions\/[^/]+$/.test(path);
  return kind !== 'staleList' || (method === 'GET' && path.endsWith('/sessions'));
}

/** A hook that draws faults from the seed. */
export function seededFaults({ seed, rates }: FaultOptions): FaultHook {
  return (request, index) => {
    let left = draw(seed, 0, index);
    for (const kind of FAULT_KINDS) {
      if (kind === 'sessionError') continue;
      const rate = rates[kind] ?? 0;
      if (left < rate) return concerns(kind, request) ? { kind } : undefined;
      left -= rate;
    }
    if (!request.path.endsWith('/start-import')) return undefined;
    if (draw(seed, 1, index) >= (rates.sessionError ?? 0)) return undefined;
    // Half of the sessions that fail had nothing applied.
    const share = draw(seed, 2, index);
    return { kind: 'sessionError', applied: share < 0.5 ? 0 : share };
  };
}
