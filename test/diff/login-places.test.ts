import { describe, expect, it } from 'vitest';
import { LoginFingerprints } from '../../src/fingerprints/login-fingerprints.js';
import { LoginPlaces } from '../../src/diff/login-places.js';

const logins = new LoginFingerprints('0123456789abcdef'.repeat(2));

describe('the places of logins', () => {
  it('are those of the first record, however many there are, in whatever file', () => {
    const places = new LoginPlaces();
    const place = (i: number) => ({
      file: i < 3000 ? undefined : `f${Math.floor(i / 1000)}.csv`,
      line: i % 2 === 0 ? i + 2 : undefined,
      position: i + 1,
    });
    for (let i = 0; i < 20_000; i++) expect(places.add(logins.of(`u${i}`), place(i))).toBe(undefined);
    for (let i = 0; i < 20_000; i++) {
      const name = i % 2 === 0 ? `line ${i + 2}` : `record ${i + 1}`;
      const file = i < 3000 ? '' : `f${Math.floor(i / 1000)}.csv, `;
      expect(places.add(logins.of(`U${i}`), place(0))).toBe(file + name);
    }
  });
});
