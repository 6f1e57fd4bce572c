/** Two 32-bit halves of a key's hash; the second is never 0, which marks an empty slot in tables. */
export interface KeyHash {
  high: number;
  low: number;
}

/**
 * Makes the hash of keys for sets in memory: seeded with the state's secret, so that nobody can choose keys that meet.
 *
 * The hash is written into `into`, because an object for each record costs more than the hash.
 */
export function createKeyHasher(fingerprintKey: string): (key: string, into: KeyHash) => void {
  const seedHigh = Number.parseInt(fingerprintKey.slice(0, 8), 16) | 0;
  const seedLow = Number.parseInt(fingerprintKey.slice(8, 16), 16) | 0;
  return (key, into) => {
    let high = seedHigh ^ key.length;
    let low = seedLow;
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x85ebca6b);
      high ^= high >>> 15;
      low = Math.imul(low ^ unit, 0xc2b2ae35);
      low ^= low >>> 13;
    }
    // The halves are mixed with each other: one alone would keep too much of the last character.
    high = Math.imul(high ^ (low >>> 16), 0x27d4eb2f);
    low = Math.imul(low ^ (high >>> 15), 0x165667b1);
    into.high = (high ^ (low >>> 13)) >>> 0;
    into.low = ((low ^ (high >>> 16)) | 1) >>> 0;
  };
}
