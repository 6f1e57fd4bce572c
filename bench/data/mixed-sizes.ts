import { share } from './random.js';

/** Mixes of item sizes that are hard to pack, as bytes of the item number `i` of `n`. */
export const MIXES: Readonly<Record<string, (i: number, n: number) => number>> = {
  'log-uniform': (i) => Math.round(200 * 30 ** share(11, i)),
  '80-20': (i) => (share(12, i) < 0.8 ? 300 : 4500),
  'long-runs': (i) => (share(13, Math.floor(i / 2000)) < 0.5 ? 250 : 3500),
  'heavy-tail': (i) => Math.min(60_000, Math.round(200 / (1 - share(14, i)) ** 0.9)),
  'ascending-ramp': (i, n) => Math.round(200 + (5800 * i) / n),
};

/** A user whose item takes about this many bytes, in several attributes as long as the service allows. */
export function userOfSize(index: number, bytes: number) {
  const externalId = `U${String(index).padStart(8, '0')}`;
  const userName = `${externalId}@example.com`;
  const profile: Record<string, string> = { userName, email: userName };
  // The frame of the item with these two attributes, and of each filling attribute.
  let left = bytes - 125;
  for (let i = 0; left > 0; i++) {
    const length = Math.min(left, 4000);
    profile[`custom${i}`] = 'x'.repeat(length);
    left -= length + 13;
  }
  return { externalId, profile };
}
