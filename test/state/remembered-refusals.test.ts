import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { RememberedRefusals } from '../../src/state/remembered-refusals.js';
import { membershipChange, profileChange } from '../support/changes.js';
import { fingerprint } from '../support/rows.js';

const NOW = 1_000_000_000;
const DAY = 86_400_000;
const user = (key: string, value = 'x') => ({
  ...profileChange('users', 'upsert', key, value),
  fingerprint: fingerprint(`of ${value}`),
});
const group = profileChange('groups', 'upsert', 'g', 'x');
const pair = membershipChange('upsert', 'g', 'a');
const all = [user('a'), user('b'), group, pair];

describe('remembered refusals', () => {
  it('are those of the same record alone, also in the next process', async () => {
    const disk = new MemoryDisk();
    const refusals = await RememberedRefusals.load(memoryState({ disk }), NOW);
    await refusals.remember(user('a'), 'E1', NOW);
    const again = await RememberedRefusals.load(memoryState({ disk }), NOW);
    for (const one of [refusals, again]) {
      expect(one.codeOf(user('a'))).toBe('E1');
      expect(one.codeOf(user('a', 'y'))).toBeUndefined();
      expect(one.codeOf(user('b'))).toBeUndefined();
      expect(one.codeOf(profileChange('groups', 'upsert', 'a', 'x'))).toBeUndefined();
    }
  });

  it.each([
    [NOW, 'E1'],
    [NOW + DAY - 1, 'E1'],
    [NOW + DAY, undefined],
    // A clock that was wrong must not keep a record out for years.
    [NOW - DAY, undefined],
  ])('are tried again after a day: at %d', async (now, code) => {
    const state = memoryState();
    await (await RememberedRefusals.load(state, NOW)).remember(user('a'), 'E1', NOW);
    expect((await RememberedRefusals.load(state, now)).codeOf(user('a'))).toBe(code);
  });

  it('contain no deletion, which is tried again', async () => {
    const refusals = await RememberedRefusals.load(memoryState(), NOW);
    const deletion = profileChange('users', 'delete', 'a', 'x');
    await refusals.remember(deletion, 'E1', NOW);
    expect(refusals.codeOf(deletion)).toBeUndefined();
    expect(refusals.ids.size).toBe(0);
  });

  it.each([
    [['all'], []],
    [['users'], [group, pair]],
    [['memberships'], [user('a'), user('b'), group]],
    [['a'], [user('b'), group, pair]],
    [
      ['g', 'b'],
      [user('a'), pair],
    ],
    [[], all],
  ])('named by resend are forgotten for good: %o', async (resend, rest) => {
    const state = memoryState();
    const refusals = await RememberedRefusals.load(state, NOW);
    for (const change of all) await refusals.remember(change, 'E1', NOW);
    // To load them for a plan changes nothing.
    const planned = await RememberedRefusals.load(state, NOW, resend);
    expect(all.filter((change) => planned.codeOf(change) !== undefined)).toEqual(rest);
    expect((await RememberedRefusals.load(state, NOW)).ids.size).toBe(3);
    await RememberedRefusals.loadToSend(state, NOW, resend);
    const after = await RememberedRefusals.load(state, NOW);
    expect(all.filter((change) => after.codeOf(change) !== undefined)).toEqual(rest);
  });

  it('are the last thousand', async () => {
    const state = memoryState();
    const refusals = await RememberedRefusals.load(state, NOW);
    for (let i = 0; i <= 1000; i++) await refusals.remember(user(`u${i}`), 'E1', NOW);
    const after = await RememberedRefusals.load(state, NOW);
    expect([after.ids.size, after.ids.has('u0'), after.ids.has('u1'), after.ids.has('u1000')]).toEqual([
      1000,
      false,
      true,
      true,
    ]);
  });
});
