import assert from 'node:assert/strict';
import { membershipKey } from '../../core/model.js';
import { Seen } from '../store.js';
import { compare, confirmedRow, missingOf, pairs, settled, unsure, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { deleted, gone, heldRows, unknown } from './rows.js';

/** Laws of memberships whose group or user ends. */
export const parentLaws: Laws = {
  'the end of a group is the end of its memberships, and of no others': async (store, under) => {
    await store.adopt(
      ['1:ga', '1:gb', '1:ha', '2:gaa', '0:ga'].map((key) => confirmedRow('memberships', key)),
    );
    await settled(store, [deleted('groups', 'g')], 'dropped');
    assert.deepEqual(await heldRows(store, 'memberships'), pairs('1:ga', '1:gb', '1:ha', '2:gaa', '0:ga'));
    await settled(store, [deleted('groups', 'g')], 'completed');
    assert.deepEqual(await heldRows(store, 'memberships'), pairs('1:ha', '2:gaa', '0:ga'));
    const again = await under.reopen();
    assert.deepEqual(await heldRows(again.store, 'memberships'), pairs('1:ha', '2:gaa', '0:ga'));
    assert.deepEqual((await again.store.counts()).memberships, { known: 3, unknown: 0 });
    const reading = await again.store.read();
    assert.deepEqual(await compare(reading, 'memberships', ['1:ga', '1:ha']), [Seen.NEW, Seen.SAME]);
    await reading.close();
    await again.dispose();
  },

  'after the end of a user it is not known what became of the memberships': async (store, under) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hg'].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('users', 'a'), deleted('users', 'g')], 'completed');
    const again = await under.reopen();
    assert.deepEqual(await heldRows(again.store, 'memberships'), {
      ...pairs('1:gb'),
      ...unsure('1:ga', '1:ha', '1:hg'),
    });
    const reading = await again.store.read();
    assert.deepEqual(await compare(reading, 'memberships', ['1:ga', '1:gb']), [Seen.UNKNOWN, Seen.SAME]);
    assert.deepEqual(await missingOf(reading, 'memberships'), ['1:ha', '1:hg']);
    await reading.close();
    await again.dispose();
  },

  'a user or group that may have ended leaves its memberships unknown': async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:hb', '1:ic'].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('groups', 'g'), deleted('users', 'c')], 'unknown');
    assert.deepEqual(await heldRows(store, 'memberships'), {
      ...pairs('1:hb'),
      ...unsure('1:ga', '1:gb', '1:ic'),
    });
    // An unknown upsert of a group or user does not change its memberships.
    await settled(store, [upsert('groups', 'h'), upsert('users', 'b')], 'unknown');
    assert.deepEqual((await store.counts()).memberships, { known: 1, unknown: 3 });
  },

  'a membership that ends with its user and its group has ended, whatever their order': async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hb'].map((key) => confirmedRow('memberships', key)));
    const session = [deleted('users', 'a'), deleted('memberships', '1:ga'), deleted('memberships', '1:ha')];
    await settled(store, [...session, deleted('groups', 'g')], 'completed');
    assert.deepEqual(await heldRows(store, 'memberships'), pairs('1:hb'));
  },

  'what is taken out of the baseline takes its memberships along': async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hb'].map((key) => confirmedRow('memberships', key)));
    await store.adopt([gone('groups', 'g'), gone('users', 'a'), unknown('users', 'b')]);
    assert.deepEqual(await heldRows(store, 'memberships'), { ...pairs('1:hb'), ...unsure('1:ha') });
  },

  'the memberships of a group are found however many there are': async (store) => {
    const members = (group: string) => Array.from({ length: 5000 }, (_, i) => membershipKey(group, `m${i}`));
    await store.adopt([...members('g'), ...members('h')].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('groups', 'g')], 'completed');
    assert.deepEqual((await store.counts()).memberships, { known: 5000, unknown: 0 });
    await settled(store, [deleted('users', 'm7'), deleted('users', 'm4999')], 'completed');
    assert.deepEqual((await store.counts()).memberships, { known: 4998, unknown: 2 });
  },
};
