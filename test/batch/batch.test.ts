import { describe, expect, it } from 'vitest';
import { unguarded } from '../../src/guard/guard.js';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { toFlow } from '../../src/flow/flow.js';
import type { Batch, Change } from '../../src/core/model.js';
import { batch, type BatchOptions } from '../../src/batch/batch.js';
import { pipe } from '../../src/flow/pipe.js';
import { LANES } from '../../src/state/store.js';
import { membershipChange, profileChange } from '../support/changes.js';

const user = (key: string, text = 'x') => profileChange('users', 'upsert', key, text);
const users = (count: number, text?: string) => Array.from({ length: count }, (_, i) => user(`u${i}`, text));

async function pack(changes: Iterable<Change>, options?: BatchOptions): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const packed of pipe(changes, unguarded(), batch(options))) batches.push(packed);
  return batches;
}

describe('options of batch', () => {
  it('are the limits of the service, unless less is asked for', async () => {
    expect((await pack(users(401))).map(({ items }) => items)).toEqual([200, 200, 1]);
    expect((await pack(users(5, 'x'.repeat(99_000)))).map(({ items }) => items)).toEqual([2, 2, 1]);
    expect((await pack(users(5), { maxItems: 2 })).map(({ items }) => items)).toEqual([2, 2, 1]);
  });

  it.each<[keyof BatchOptions, number, boolean]>([
    ['maxItems', 0, false],
    ['maxItems', 1, true],
    ['maxItems', 1.5, false],
    ['maxItems', 200, true],
    ['maxItems', 201, false],
    ['maxBytes', 99, false],
    ['maxBytes', 100, true],
    ['maxBytes', 100.5, false],
    ['maxBytes', 200_000, true],
    ['maxBytes', 200_001, false],
    ['lookahead', 0, false],
    ['lookahead', 1, true],
    ['lookahead', 1.5, false],
    ['lookahead', 1_000_000, true],
    ['lookahead', 1_000_001, false],
    ['lookAhead' as 'lookahead', 5, false],
  ])('%s: %d may be: %s', (option, value, allowed) => {
    const make = () => batch({ [option]: value });
    if (allowed) expect(make).not.toThrow();
    else expect(make).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', option }));
  });
});

describe('a change', () => {
  it.each<[string, (text: string) => Change]>([
    ['a user', (text) => user('u', text)],
    ['a user in three bytes a character', (text) => user('u', text.replaceAll('xxx', '汉'))],
    ['a group', (text) => profileChange('groups', 'upsert', 'g', text)],
    ['a membership of a long group', (text) => membershipChange('upsert', text, 'u')],
    ['a membership of a long member', (text) => membershipChange('upsert', 'g', text)],
  ])('of as many bytes as a request takes is sent alone, and of one more never: %s', async (_, changeOf) => {
    const frame = (text: string) => {
      const { entity, kind, ...change } = changeOf(text);
      return makeBatch(entity, kind, [{ entity, kind, ...change }]).bytes;
    };
    const length = 999 - frame('') - ((999 - frame('')) % 3);
    const maxBytes = frame('x'.repeat(length));
    const change = changeOf('x'.repeat(length));
    const batches = await pack([change, change], { maxBytes });
    expect(batches.map(({ bytes }) => bytes)).toEqual([maxBytes, maxBytes]);
    await expect(pack([change], { maxBytes: maxBytes - 1 })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_RECORD',
      entity: change.entity,
    });
  });

  it('of no kind that is known is a failure, and not lost', async () => {
    const change = { ...profileChange('users', 'delete', 'u', 'x'), dependent: true };
    await expect(pack([change])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_RECORD', entity: 'users' });
  });
});

describe('the order of requests', () => {
  const one = (lane: (typeof LANES)[number]): Change =>
    lane.entity === 'memberships'
      ? membershipChange(lane.kind, 'g', `m${String(lane.dependent)}`, lane.dependent)
      : { ...profileChange(lane.entity, lane.kind, 'k', 'x'), dependent: lane.dependent };

  it('is that of the lanes, whatever the order in which changes come', async () => {
    const batches = await pack([...LANES].reverse().map(one));
    const lanes = batches.map(({ entity, kind, dependent }) => [entity, kind, dependent].join(' '));
    expect(lanes).toEqual([
      'users delete false',
      'memberships delete false',
      'users upsert false',
      'groups upsert false',
      'memberships upsert false',
      'groups delete false',
      'users upsert true',
      'memberships upsert true',
      'memberships delete true',
      'groups delete true',
    ]);
  });

  it('access that has ended goes first, unless something replaces it', async () => {
    const [ended, replaced] = [
      membershipChange('delete', 'g', 'a'),
      membershipChange('delete', 'g', 'c', true),
    ];
    const batches = await pack([replaced, membershipChange('upsert', 'h', 'c'), ended]);
    expect(batches.map(({ changes }) => changes.map(({ key }) => key))).toEqual([
      [ended.key],
      ['1:hc'],
      [replaced.key],
    ]);
  });

  it('holds where a later lane overflows first: what is sent before it goes before it', async () => {
    const groups = Array.from({ length: 500 }, (_, i) => profileChange('groups', 'upsert', `g${i}`, 'x'));
    const batches = await pack([...groups, user('late')].reverse(), { lookahead: 10 });
    expect(batches.map(({ entity, items }) => [entity, items])).toEqual([
      ['users', 1],
      ['groups', 200],
      ['groups', 200],
      ['groups', 100],
    ]);
  });

  it('free memberships go before dependent ones', async () => {
    const free = Array.from({ length: 250 }, (_, i) => membershipChange('upsert', `g${i}`, 'm'));
    const dependent = membershipChange('upsert', 'h', 'm', true);
    const batches = await pack([dependent, ...free]);
    expect(batches.map(({ items, dependent: waits }) => [items, waits])).toEqual([
      [200, false],
      [50, false],
      [1, true],
    ]);
  });

  it('a chunk is one request, so that the next is packed only when it is asked for', async () => {
    const sizes: number[] = [];
    for await (const chunk of toFlow(pipe(users(3), unguarded(), batch({ maxItems: 1 }))).chunks())
      sizes.push(chunk.length);
    expect(sizes).toEqual([1, 1, 1]);
  });
});
