import { expect, it } from 'vitest';
import { loginsAfter, MOST_LOGINS } from '../../src/state/logins.js';
import { UNKNOWN, type AdoptedRow } from '../../src/state/store.js';
import { confirmed, fingerprint, gone } from '../support/rows.js';

const nameOf = (i: number) => `login${i}`.padEnd(10, '+');
const unknownWith = (login?: string): AdoptedRow => ({ entity: 'users', key: 'a', held: UNKNOWN, login });

it('an unknown row has the first login and the last ones, each once, and no more than are stored', () => {
  let logins: readonly string[] = loginsAfter(
    [],
    confirmed('users', 'a', fingerprint('a', `attr${nameOf(0)}`)),
  );
  for (let i = 1; i < MOST_LOGINS; i++) {
    logins = loginsAfter(logins, unknownWith(nameOf(i)));
    logins = loginsAfter(logins, unknownWith(nameOf(i)));
    logins = loginsAfter(logins, unknownWith());
  }
  const all = Array.from({ length: MOST_LOGINS }, (_, i) => nameOf(i));
  expect(logins).toEqual(all);
  expect(loginsAfter(logins, unknownWith(nameOf(1)))).toEqual(all);
  const next = loginsAfter(logins, unknownWith(nameOf(99)));
  expect(next).toEqual([nameOf(0), ...all.slice(2), nameOf(99)]);
  expect(loginsAfter(next, confirmed('users', 'a', fingerprint('a', 'attr')))).toEqual([]);
  expect(loginsAfter(next, gone('users', 'a'))).toEqual([]);
});

it('a login that is not a fingerprint is refused: the row could not be read again', () => {
  for (const login of ['', 'ann', 'ann@example.com'])
    expect(() => loginsAfter([], unknownWith(login))).toThrow('the fingerprint of a login has 10 characters');
});
