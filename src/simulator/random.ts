/**
 * A random number in [0, 1) that depends only on the seed and the given words, not on earlier draws. The fault of a request
 * therefore depends only on the number of the request.
 */
export function draw(seed: number, ...words: readonly number[]): number {
  let hash = mix(seed ^ 0x9e3779b9);
  for (const word of words) hash = mix((hash + Math.imul(word | 0, 0x85ebca6b) + 0x27d4eb2f) | 0);
  return (hash >>> 0) / 0x1_0000_0000;
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** The items in a random order that depends only on the seed and the words (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], seed: number, ...words: readonly number[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(draw(seed, ...words, last) * (last + 1));
    const held = result[last] as T;
    result[last] = result[other] as T;
    result[other] = held;
  }
  return result;
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Random letters and digits that depend only on the seed and the words. */
export function identifier(length: number, seed: number, ...words: readonly number[]): string {
  let text = '';
  for (let at = 0; at < length; at++) {
    text += ALPHABET.charAt(Math.floor(draw(seed, ...words, at) * ALPHABET.length));
  }
  return text;
}
