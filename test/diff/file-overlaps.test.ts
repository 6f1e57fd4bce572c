import { describe, expect, it } from 'vitest';
import { FileOverlaps } from '../../src/diff/file-overlaps.js';
import { SourceError } from '../../src/core/errors.js';

const KEY = '0123456789abcdef'.repeat(2);
const place = (file: string | undefined, line: number) => ({ file, line, position: line });

/** Files with these keys, read one after another. */
function read(files: Readonly<Record<string, readonly string[]>>): FileOverlaps {
  const overlaps = new FileOverlaps(KEY);
  const seen = new Set<string>();
  for (const [file, keys] of Object.entries(files)) {
    for (const [i, key] of keys.entries()) {
      if (seen.has(key)) overlaps.addDuplicate(key, undefined, place(file, i + 2));
      else overlaps.add(key, place(file, i + 2));
      seen.add(key);
    }
  }
  return overlaps;
}

describe('files of one source', () => {
  it.each([
    ['half of the smaller file', { a: ['1', '2'], b: ['1', '3', '4'] }],
    ['duplicates within a file', { a: ['1', '1', '1'], b: ['2'] }],
    [
      'different records of several files',
      { a: ['1', '2', '3'], b: ['4', '5', '6'], c: ['1', '4', '7', '8'] },
    ],
  ])('may share %s', (_, files) => {
    expect(() => read(files).check('users')).not.toThrow();
  });

  it('may not share most of the smaller file, whichever comes first', () => {
    const small = ['1', '2'];
    const large = ['1', '2', '3', '4', '5'];
    const why = 'both files hold the same users; is one an older export?';
    expect(() => read({ 'new.csv': small, 'old.csv': large }).check('users')).toThrow(
      new SourceError(`2 of its 5 users are also among the 2 of new.csv: ${why}`, { file: 'old.csv' }),
    );
    expect(() => read({ 'old.csv': large, 'new.csv': small }).check('users')).toThrow(
      `new.csv: 2 of its 2 users are also among the 5 of old.csv: ${why}`,
    );
  });

  it('has the place of the first record, also if a screen has left it out', () => {
    const overlaps = read({ 'a.csv': ['1', '2'] });
    overlaps.addScreened(0x04030201, 0x08070604, 'a.csv', 9);
    const digest = '\x01\x02\x03\x04\x04\x06\x07\x08'.padEnd(16, '\x00');
    expect(overlaps.addDuplicate('2', undefined, place('b.csv', 2))).toMatchObject({
      file: 'a.csv',
      line: 3,
    });
    expect(overlaps.addDuplicate('x', digest, place('b.csv', 3))).toMatchObject({ file: 'a.csv', line: 9 });
    expect(overlaps.addDuplicate('y', undefined, place('b.csv', 4))).toBe(undefined);
    expect(() => overlaps.check('groups')).toThrow(
      /^b\.csv: 2 of its 3 groups are also among the 3 of a\.csv/,
    );
  });
});
