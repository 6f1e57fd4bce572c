import type { WireResponse } from '../wire.js';

/** The longest single wait. After it the request is tried, so that a wrong header cannot stop a run for ever. */
export const LONGEST_WAIT_MS = 5 * 60_000;

/**
 * The wait in milliseconds that a response requests by `Retry-After`: seconds, or a date, which is compared with the `Date` of
 * the response. Undefined without this header. At most {@link LONGEST_WAIT_MS}, so that a wrong header cannot stop a run.
 */
export function retryAfterMs(response: WireResponse | undefined): number | undefined {
  const text = response?.headers['retry-after']?.trim();
  if (response === undefined || text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_WAIT_MS);
  const ms = Date.parse(text) - Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}
