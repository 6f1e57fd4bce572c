/** Okta's limits of a request of users without `{"entityType":"USERS","profiles":[]}`. It does not use the constants of `src`. */
export const CAPACITY = { items: 200, bytes: 200_000 - 36 };
const RECORDS = 3000;

/** Pseudo-random numbers from 0 to 1, the same for each seed. */
export const rng = (seed: number) => () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/** Returns the size of an entry in bytes. */
export type SizeOf = (random: () => number, i: number) => number;

/**
 * Distributions of sizes that are difficult to pack, in several forms: with two sizes and with many, with a mean far from the
 * limits and close to them.
 * @param records - the number of entries
 * @param run - the number of successive entries of one size, for long runs
 */
export function mixesOf(records: number, run: number): Record<string, SizeOf> {
  return {
    'log-uniform, 200 B to 6 KB': (random) => 200 * 30 ** random(),
    'log-uniform, 200 B to 3 KB': (random) => 200 * 15 ** random(),
    '80/20 of two sizes': (random) => (random() < 0.8 ? 250 : 4500),
    '80/20 of two ranges': (random) => (random() < 0.8 ? 200 + 200 * random() : 3000 + 3000 * random()),
    '80/20, both limits at once': (random) =>
      random() < 0.8 ? 200 + 100 * random() : 3000 + 2000 * random(),
    'long runs of one size': (_random, i) => (Math.floor(i / run) % 2 === 0 ? 300 : 3500),
    'heavy tail to 60 KB': (random) => Math.min(60_000, 300 / (1 - random()) ** 0.67),
    'heavy tail to 150 KB': (random) => Math.min(150_000, 270 / (1 - random()) ** 0.8),
    'ascending ramp to 6 KB': (_random, i) => 200 + (i / records) * 5800,
  };
}

/** Distributions of a few thousand entries, also some for which only one of the limits matters. */
export const MIXES: Record<string, SizeOf> = {
  ...mixesOf(RECORDS, 600),
  'small ones alone': (random) => 100 + 400 * random(),
  'large ones alone': (random) => 2000 + 4000 * random(),
};

/** The least number of requests for entries of these sizes, with commas and frames. */
export function boundOf(sizes: readonly number[], { items, bytes } = CAPACITY): number {
  const sum = sizes.reduce((total, size) => total + size + 1, 0);
  return Math.max(Math.ceil(sizes.length / items), Math.ceil(sum / (bytes + 1)));
}

/** The first of these sizes, as many as fill whole requests, except for a small part. */
function filling(sizes: readonly number[], spare: number): number[] {
  const fills = (count: number) => {
    const sum = sizes.slice(0, count).reduce((total, size) => total + size + 1, 0);
    return Math.max(count / CAPACITY.items, sum / (CAPACITY.bytes + 1));
  };
  let count = sizes.length;
  while (fills(count) > Math.floor(fills(sizes.length)) * (1 - spare)) count--;
  return sizes.slice(0, count);
}

/** Sizes of a distribution that fill whole requests, except for a small part. */
export function sizesOf(sizeOf: SizeOf, seed: number, spare: number): number[] {
  const random = rng(seed);
  return filling(
    Array.from({ length: RECORDS }, (_, i) => Math.round(sizeOf(random, i))),
    spare,
  );
}
