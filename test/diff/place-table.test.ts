import { describe, expect, it } from 'vitest';
import { LoginFingerprints } from '../../src/fingerprints/login-fingerprints.js';
import { hashOfDigest, PlaceTable, placeText, type Place } from '../../src/diff/place-table.js';

const logins = new LoginFingerprints('0123456789abcdef'.repeat(2));

describe('the places of records', () => {
  it('are those of the first record, however many there are, in whatever file', () => {
    const places = new PlaceTable();
    const place = (i: number) => ({
      file: i < 3000 ? undefined : `f${Math.floor(i / 1000)}.csv`,
      line: i % 2 === 0 ? i + 2 : undefined,
      position: i + 1,
    });
    for (let i = 0; i < 20_000; i++) {
      const hash = hashOfDigest(logins.of(`u${i}`));
      expect(places.get(hash)).toBe(undefined);
      expect(places.add(hash, place(i))).toBe(undefined);
    }
    for (let i = 0; i < 20_000; i++) {
      const name = i % 2 === 0 ? `line ${i + 2}` : `record ${i + 1}`;
      const file = i < 3000 ? '' : `f${Math.floor(i / 1000)}.csv, `;
      const hash = hashOfDigest(logins.of(`U${i}`));
      expect(placeText(places.add(hash, place(0)) as Place)).toBe(file + name);
      expect(placeText(places.get(hash) as Place)).toBe(file + name);
    }
  });
});
