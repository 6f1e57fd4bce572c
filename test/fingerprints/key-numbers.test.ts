import { describe, expect, it } from 'vitest';
import { KeyNumbers } from '../../src/fingerprints/key-numbers.js';

describe('numbers of keys', () => {
  it('are those that were set last, however many there are', () => {
    const numbers = new KeyNumbers('00'.repeat(16));
    const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);
    expect(numbers.get('key 0')).toBeUndefined();
    expect(keys.map((key, i) => numbers.set(key, i)).every(Boolean)).toBe(true);
    expect(keys.map((key, i) => numbers.set(key, 2 * i)).some(Boolean)).toBe(false);
    expect(keys.every((key, i) => numbers.get(key) === 2 * i)).toBe(true);
    expect(numbers.get('another')).toBeUndefined();
  });
});
