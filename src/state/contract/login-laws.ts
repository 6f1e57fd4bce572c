import assert from 'node:assert/strict';
import type { StateStore } from '../store.js';
import { confirmedRow, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { confirmed, deleted, fingerprint, gone, unknown } from './rows.js';

/** The fingerprint of a user with a login. @param login - ten characters, as a fingerprint of a login has */
const withLogin = (key: string, login: string) => fingerprint(`${login}${key}`, `attributes..${login}`);
const [ann, bob, eve] = ['ann+login+', 'bob+login+', 'eve+login\0'] as const;

/** Who has these logins, by a reading of now. */
async function holders(store: StateStore, ...logins: readonly string[]) {
  const reading = await store.read();
  const found = await reading.holders(logins);
  await reading.close();
  return found;
}

/** Laws of the index of logins. */
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
    assert.deepEqual(await holders(store, ann), ['a']);
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
    assert.deepEqual(await reading.holders([ann, bob]), ['a', undefined]);
    await reading.close();
  },

  'a state that is restored has no logins': async (store) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    await store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    await store.setMeta('import', '');
    await store.adopt([unknown('users', 'a')]);
    assert.deepEqual(await holders(store, ann), [undefined]);
  },
};
