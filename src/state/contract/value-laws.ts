import assert from 'node:assert/strict';
import { confirmedRow, missingOf, settled, upsert } from './fixtures.js';
import { MOVED_TO } from '../store.js';
import type { Laws } from './laws.js';

/** Laws of the values beside the rows: the target, small values, absences, the identity of an import. */
export const valueLaws: Laws = {
  'the org of a state can get another address, but no state another identity source': async (
    store,
    under,
  ) => {
    await assert.rejects(store.retarget('https://b.example'), { code: 'ERR_ROLLCALL_STATE' });
    await store.bind({ orgUrl: 'https://a.example', identitySourceId: 's' });
    await settled(store, [upsert('users', 'a')], 'completed');
    await store.retarget('https://b.example');
    const again = await under.reopen();
    const target = { orgUrl: 'https://b.example', identitySourceId: 's' };
    assert.deepEqual(await again.store.target(), target);
    await again.store.bind(target);
    assert.deepEqual((await again.store.counts()).users, { known: 1, unknown: 0 });
    await again.store.close();
  },

  'a state is stamped once, and refuses any other target': async (store, under) => {
    assert.equal(await store.target(), undefined);
    const target = { orgUrl: 'https://a.example', identitySourceId: 's' };
    await store.bind(target);
    await store.bind(target);
    await assert.rejects(store.bind({ ...target, identitySourceId: 't' }), {
      code: 'ERR_ROLLCALL_STATE_TARGET',
    });
    const again = await under.reopen();
    assert.deepEqual(await again.store.target(), target);
    await assert.rejects(again.store.bind({ ...target, orgUrl: 'https://b.example' }), {
      code: 'ERR_ROLLCALL_STATE_TARGET',
    });
    await again.dispose();
  },

  'small values are kept': async (store, under) => {
    assert.equal(await store.getMeta('watermark'), undefined);
    await store.setMeta('watermark', '42');
    const again = await under.reopen();
    assert.equal(await again.store.getMeta('watermark'), '42');
    await again.dispose();
  },

  'the names of small values are known': async (store, under) => {
    await store.setMeta('watermark', '42');
    await store.setMeta('ü: name', '');
    const again = await under.reopen();
    assert.deepEqual([...(await again.store.metaNames())].sort(), ['watermark', 'ü: name']);
    await again.dispose();
  },

  'a state that was moved is not read, until it is restored': async (store) => {
    await store.setMeta(MOVED_TO, '/new/place');
    await assert.rejects(store.read(), { code: 'ERR_ROLLCALL_STATE_MOVED', message: /\/new\/place/ });
    await store.restore({ fingerprintKey: '0'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    await store.setMeta('import', '');
    await (await store.read()).close();
  },

  'a value of a million characters is kept': async (store, under) => {
    const long = 'ä'.repeat(1_000_000);
    await store.setMeta('refused-records', long);
    const again = await under.reopen();
    assert.ok((await again.store.getMeta('refused-records')) === long);
    await again.dispose();
  },

  'absences are kept as they were last set': async (store, under) => {
    await store.setAbsences(
      'users',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    await store.setAbsences('groups', new Map([['a', 7]]));
    await store.setAbsences('users', new Map([['b', 3]]));
    const again = await under.reopen();
    assert.deepEqual(await again.store.absences('users'), new Map([['b', 3]]));
    assert.deepEqual(await again.store.absences('groups'), new Map([['a', 7]]));
    assert.deepEqual(await again.store.absences('memberships'), new Map());
  },

  'a state that is restored holds nothing, and is not read until the import is over': async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    await store.setMeta('watermark', '42');
    await store.setAbsences('users', new Map([['a', 1]]));
    const target = { orgUrl: 'https://other.example', identitySourceId: 'x' };
    await store.restore({ fingerprintKey: '0123456789abcdef'.repeat(2), target, lastTriggeredAt: 5 });
    assert.equal(store.fingerprintKey, '0123456789abcdef'.repeat(2));
    assert.deepEqual((await store.counts()).users, { known: 0, unknown: 0 });
    assert.deepEqual(await store.target(), target);
    assert.equal(await store.journal.lastTriggeredAt(), 5);
    assert.deepEqual(await store.metaNames(), ['import']);
    assert.deepEqual(await store.absences('users'), new Map());
    await assert.rejects(store.read(), { code: 'ERR_ROLLCALL_STATE' });
    await store.adopt([confirmedRow('users', 'b')]);
    await store.setMeta('import', '');
    const reading = await store.read();
    assert.deepEqual(await missingOf(reading, 'users'), ['b']);
    await reading.close();
  },
};
