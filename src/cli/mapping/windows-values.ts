/** Milliseconds from 1601, when Windows begins to count, to 1970. */
const EPOCH_MS = 11_644_473_600_000n;
/** The last moment of the year 9999, the largest time of CEL. */
const NEVER = new Date('9999-12-31T23:59:59Z');

/**
 * Whether a number has all bits of a mask set: `userAccountControl` has 2 for a disabled account.
 * @returns undefined if the text is not a whole number
 */
export function hasBits(text: string, mask: bigint): boolean | undefined {
  const number = wholeNumber(text);
  return number === undefined ? undefined : (number & mask) === mask;
}

/**
 * The time of a FILETIME, which counts in steps of 100 nanoseconds since 1601: `accountExpires`, `lastLogonTimestamp`. For 0 and the
 * largest number, which mean "never", the end of the year 9999.
 * @returns undefined if the text is not a whole number that is at least 0
 */
export function timeOfFileTime(text: string): Date | undefined {
  const number = wholeNumber(text);
  if (number === undefined || number < 0n) return undefined;
  const ms = number / 10_000n - EPOCH_MS;
  return number === 0n || ms > BigInt(NEVER.getTime()) ? NEVER : new Date(Number(ms));
}

function wholeNumber(text: string): bigint | undefined {
  return /^\s*-?\d{1,20}\s*$/.test(text) ? BigInt(text.trim()) : undefined;
}
