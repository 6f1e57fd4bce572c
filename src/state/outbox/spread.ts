/** The golden ratio: among all step widths, it leaves the smallest gaps between the elements visited so far. */
export const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * All elements in an order in which any few neighbours come from everywhere in the list, at even distances. A source
 * that is sorted by size then gives requests that are all alike.
 */
export function spread<T>(all: readonly T[]): T[] {
  const step = stepOf(all.length);
  return all.map((_, i) => all[(i * step) % all.length] as T);
}

/** The step next to the golden part of `count` that visits every element. */
function stepOf(count: number): number {
  let step = Math.max(1, Math.round(count * GOLDEN));
  while (gcd(step, count) > 1) step++;
  return step;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
