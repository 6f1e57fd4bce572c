/** The 64-bit hash of a key as two halves. `low` is never 0, because 0 marks an empty slot of {@link KeySet}. */
export interface KeyHash {
  high: number;
  low: number;
}

/**
 * Makes the hash function of {@link KeySet}. Its seed is secret, so that nobody can choose keys with the same hash.
 *
 * The hash is written to `into`, because allocating an object for each record takes longer than the hash.
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
    // Mixes the halves, because each of them depends too much on the last character.
    high = Math.imul(high ^ (low >>> 16), 0x27d4eb2f);
    low = Math.imul(low ^ (high >>> 15), 0x165667b1);
    into.high = (high ^ (low >>> 13)) >>> 0;
    into.low = ((low ^ (high >>> 16)) | 1) >>> 0;
  };
}
