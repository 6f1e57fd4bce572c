const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Milliseconds to wait after this many attempts: exponential, with full jitter, and with a minimum, so that a port that
 * refuses connections is not flooded.
 */
export function backOffMs(attempt: number, random: () => number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.max(50, Math.round(most * random()));
}
