import assert from 'node:assert/strict';
import type { HeldRow, StateStore } from '../store.js';
import { confirmedRow, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { confirmed, deleted, fingerprint, gone, unknown } from './rows.js';

/** The fingerprint of a user with a login. @param login - ten characters, as a fingerprint of a login has */
const withLogin = (key: string, login: string) => fingerprint(`${login}${key}`, `attributes..${login}`);
const [ann, bob, eve] = ['ann+login+', 'bob+login+', 'eve+login\0'] as const;

/** Who may have these logins, by a reading of now: the key of one user, several keys, or undefined. */
async function holders(store: StateStore, ...logins: readonly string[]) {
  const reading = await store.read();
  const found = await reading.holders(logins);
  await reading.close();
  return found.map(only);
}

const only = (keys: readonly string[]) => (keys.length > 1 ? keys : keys[0]);

/** Laws of the users who may have a login. */
export const loginLaws: Laws = {
  'the user who has a login is found': async (store, under) => {
    assert.deepEqual(await holders(store, ann), [undefined]);
    await settled(
      store,
      [upsert('users', 'a', withLogin('a', ann)), upsert('users', '', withLogin('', eve))],
      'completed',
    );
    await store.adopt([confirmed('users', 'b', withLogin('b', bob)), confirmedRow('users', 'without login')]);
    const again = await under.reopen();
    assert.deepEqual(await holders(again.store, bob, ann, 'nobody has', eve), ['b', 'a', undefined, '']);
    assert.deepEqual(await holders(again.store), []);
    await again.dispose();
  },

  'the rows of unknown users have all their logins, in order, and can be written again with them': async (
    store,
    under,
  ) => {
    const versions = [ann, bob, eve].map((login) => upsert('users', 'a', withLogin('a', login)));
    for (const version of versions) await settled(store, [version], 'unknown');
    await settled(store, [upsert('users', 'b', withLogin('b', bob)), upsert('users', 'c')], 'unknown');
    await store.adopt([confirmed('users', 'd', withLogin('d', ann))]);
    const rowsOf = async (of: StateStore) => {
      const rows: HeldRow[] = [];
      for await (const chunk of of.rows('users')) rows.push(...chunk);
      return rows.sort((one, other) => (one.key < other.key ? -1 : 1));
    };
    const rows = await rowsOf(store);
    const logins = rows.map(({ key, logins: own }) => [key, own]);
    assert.deepEqual(logins, [
      ['a', [ann, bob, eve]],
      ['b', [bob]],
      ['c', undefined],
      ['d', undefined],
    ]);
    await store.restore({ fingerprintKey: '0'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    await store.adopt(
      rows.flatMap(({ logins: own = [undefined], ...row }) => own.map((login) => ({ ...row, login }))),
    );
    await store.setMeta('import', '');
    const again = await under.reopen();
    assert.deepEqual(await rowsOf(again.store), rows);
    assert.deepEqual(await holders(again.store, ann, bob, eve), [['a', 'd'], ['a', 'b'], 'a']);
    await again.dispose();
  },

  'a login is found no more once its user has ended, or has another': async (store) => {
    await store.adopt([
      confirmed('users', 'a', withLogin('a', ann)),
      confirmed('users', 'b', withLogin('b', bob)),
    ]);
    await settled(store, [deleted('users', 'a'), upsert('users', 'b', withLogin('b', eve))], 'completed');
    assert.deepEqual(await holders(store, ann, bob, eve), [undefined, undefined, 'b']);
    await store.adopt([gone('users', 'b')]);
    assert.deepEqual(await holders(store, eve), [undefined]);
  },

  'a login that has moved stays with its new user when the old one ends': async (store) => {
    await store.adopt([confirmed('users', 'b', withLogin('b', ann))]);
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    // As long as the baseline has it for both, either may be the one.
    assert.deepEqual(await holders(store, ann), [['a', 'b']]);
    await settled(store, [deleted('users', 'b')], 'completed');
    assert.deepEqual(await holders(store, ann), ['a']);
    // In one session, in both orders of their keys.
    await settled(store, [deleted('users', 'a'), upsert('users', 'c', withLogin('c', ann))], 'completed');
    assert.deepEqual(await holders(store, ann), ['c']);
    await settled(store, [deleted('users', 'c'), upsert('users', 'b', withLogin('b', ann))], 'completed');
    assert.deepEqual(await holders(store, ann), ['b']);
  },

  'a user whose row is unknown may have the login before and the one after': async (store, under) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    await settled(
      store,
      [upsert('users', 'a', withLogin('a', bob)), upsert('users', 'e', withLogin('e', eve))],
      'unknown',
    );
    const again = await under.reopen();
    assert.deepEqual(await holders(again.store, ann, bob, eve), ['a', 'a', 'e']);
    await settled(again.store, [upsert('users', 'a', withLogin('a', bob)), deleted('users', 'e')], 'unknown');
    assert.deepEqual(await holders(again.store, ann, bob, eve), ['a', 'a', 'e']);
    await settled(
      again.store,
      [upsert('users', 'a', withLogin('a', bob)), deleted('users', 'e')],
      'completed',
    );
    assert.deepEqual(await holders(again.store, ann, bob, eve), [undefined, 'a', undefined]);
    await again.dispose();
  },

  'a reading finds the logins as they were when it was opened': async (store) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    const reading = await store.read();
    await settled(store, [deleted('users', 'a'), upsert('users', 'b', withLogin('b', bob))], 'completed');
    assert.deepEqual(await reading.holders([ann, bob]), [['a'], []]);
    await reading.close();
  },

  'a state that is restored has no logins': async (store) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    await store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    await store.setMeta('import', '');
    await store.adopt([unknown('users', 'a')]);
    assert.deepEqual(await holders(store, ann), [undefined]);
  },

  'two logins that begin alike are told apart': async (store) => {
    const alike = ['ann+login+', 'ann+logins', 'ann+LOGIN+', 'ann+++++++'];
    await store.adopt(alike.map((login, i) => confirmed('users', `u${i}`, withLogin(`u${i}`, login))));
    assert.deepEqual(await holders(store, ...alike, 'ann+nobody'), ['u0', 'u1', 'u2', 'u3', undefined]);
    await settled(store, [deleted('users', 'u1'), deleted('users', 'u3')], 'unknown');
    await settled(store, [deleted('users', 'u0')], 'completed');
    assert.deepEqual(await holders(store, ...alike), [undefined, 'u1', 'u2', 'u3']);
  },

  'a user whose row stays unknown may have its first login and each of the last ones': async (
    store,
    under,
  ) => {
    const login = (i: number) => `login${i}`.padEnd(10, '+');
    await store.adopt([confirmed('users', 'a', withLogin('a', login(0)))]);
    const uploads = Array.from({ length: 40 }, (_, i) => i + 1);
    for (const i of uploads)
      await settled(store, [upsert('users', 'a', withLogin('a', login(i)))], 'unknown');
    const again = await under.reopen();
    // A store may forget others.
    const last = uploads.slice(-20).map(login);
    assert.deepEqual(
      await holders(again.store, login(0), ...last),
      [login(0), ...last].map(() => 'a'),
    );
    await settled(again.store, [upsert('users', 'a', withLogin('a', login(30)))], 'completed');
    const found = await holders(again.store, ...[0, ...uploads].map(login));
    assert.deepEqual(
      found,
      [0, ...uploads].map((i) => (i === 30 ? 'a' : undefined)),
    );
    await again.dispose();
  },

  'a user who was removed has no login on return, but the new one': async (store) => {
    const upload = (login: string) => [upsert('users', 'a', withLogin('a', login))];
    await settled(store, upload(ann), 'unknown');
    await settled(store, [deleted('users', 'a')], 'completed');
    await store.adopt([unknown('users', 'a')]);
    assert.deepEqual(await holders(store, ann), [undefined]);
    await settled(store, upload(bob), 'unknown');
    await store.adopt([gone('users', 'a')]);
    await settled(store, upload(eve), 'unknown');
    assert.deepEqual(await holders(store, ann, bob, eve), [undefined, undefined, 'a']);
    await settled(store, upload(ann), 'dropped');
    assert.deepEqual(await holders(store, ann, bob, eve), [undefined, undefined, 'a']);
  },

  'logins that move along a chain are found with each user': async (store) => {
    const users = ['a', 'b', 'c', 'd'];
    const logins = [ann, bob, eve, 'cho+login+', 'dan+login+'];
    const rows = (shift: number) =>
      users.map((key, i) => upsert('users', key, withLogin(key, logins[i + shift] as string)));
    await settled(store, rows(0), 'completed');
    // The last link first, each in a session of its own; the one before has its login only after that.
    for (const [i, row] of rows(1).toReversed().entries()) {
      await settled(store, [row], 'completed');
      const at = users.length - 1 - i;
      const expected = [...users.slice(0, at), undefined, ...users.slice(at)];
      assert.deepEqual(await holders(store, ...logins), expected);
    }
    await settled(store, rows(0).reverse(), 'unknown');
    assert.deepEqual(await holders(store, ...logins), ['a', ['a', 'b'], ['b', 'c'], ['c', 'd'], 'd']);
  },

  'among many users each login is found with its own': async (store, under) => {
    const count = 6000;
    const key = (i: number) => `u${i}`;
    const login = (i: number) => [...String(i).padStart(10, '+')].reverse().join('');
    const all = Array.from({ length: count }, (_, i) => i);
    await store.adopt(all.map((i) => confirmed('users', key(i), withLogin(key(i), login(i)))));
    await settled(
      store,
      [upsert('users', key(1), withLogin(key(1), login(count))), deleted('users', key(4500))],
      'unknown',
    );
    await store.adopt([
      gone('users', key(0)),
      confirmed('users', key(2), withLogin(key(2), login(count + 1))),
    ]);
    let again = under;
    for (let process = 0; process < 2; process++) {
      again = await again.reopen();
      const found = await holders(again.store, ...all.map(login), login(count), login(count + 1));
      assert.deepEqual(found, [...all.map((i) => (i === 0 || i === 2 ? undefined : key(i))), key(1), key(2)]);
    }
    await again.dispose();
  },
};
