import { AbsenceRules } from '../../src/diff/absence-rules.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE, withoutPlaces, withPlaces, type Chunk } from '../../src/flow/chunk.js';
import type { UserRecord } from '../../src/core/model.js';
import { isMarkedDeleted, markedDeletions } from '../../src/diff/delta-feed.js';
import { FeedSpool } from '../../src/diff/feed-spool.js';
import { openDiffCounts } from '../../src/diff/diff-counts.js';
import { RunContext } from '../../src/flow/run-context.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { confirmed, upserted } from '../support/rows.js';

const user = (id: string, name = 'x'): UserRecord => ({ externalId: id, profile: { userName: name } });

async function last(chunks: readonly (readonly UserRecord[])[]) {
  const feed = await FeedSpool.open('users', memoryState());
  const positions: number[] = [];
  for (const chunk of chunks)
    await feed.add(withoutPlaces(chunk), (_key, position) => positions.push(position));
  const kept: Chunk<UserRecord>[] = [];
  for await (const chunk of feed.last(() => true)) kept.push(chunk);
  await feed.close();
  return { kept, superseded: feed.superseded, positions };
}

describe('the last word of a feed on each entity', () => {
  it('stands, in the order of the last mentions, and the others are counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(9), { minLength: 1 })), async (ids) => {
        let n = 0;
        const chunks = ids.map((chunk) => chunk.map((id) => user(`u${id}`, `v${n++}`)));
        const all = chunks.flat();
        const expected = all.filter((record, i) =>
          all.slice(i + 1).every((r) => r.externalId !== record.externalId),
        );
        const { kept, superseded, positions } = await last(chunks);
        expect(kept.flat()).toEqual(expected);
        expect(superseded).toBe(all.length - expected.length);
        expect(positions).toEqual(all.map((_, i) => i + 1));
      }),
    );
  });

  it('comes in chunks of the common size', async () => {
    const { kept } = await last([Array.from({ length: 2 * CHUNK_SIZE + 1 }, (_, i) => user(`u${i}`))]);
    expect(kept.map((chunk) => chunk.length)).toEqual([CHUNK_SIZE, CHUNK_SIZE, 1]);
  });

  it('keeps its place, and no chunk is of two files', async () => {
    const { kept } = await last([
      withPlaces([user('a'), user('b')], { file: 'one.csv', lines: [2, 3] }),
      withPlaces([user('c'), user('a')], { file: 'two.csv', lines: [2, 3] }),
      [user('d')],
      withPlaces([user('e')], { file: 'three.csv', lines: undefined }),
    ]);
    expect(kept.map((chunk) => [chunk.map((r) => r.externalId), chunk.places])).toEqual([
      [['b'], { file: 'one.csv', lines: [3] }],
      [['c', 'a'], { file: 'two.csv', lines: [2, 3] }],
      [['d'], { file: undefined, lines: undefined }],
      [['e'], { file: 'three.csv', lines: undefined }],
    ]);
  });

  it('of an empty feed is nothing', async () => {
    expect(await last([])).toMatchObject({ kept: [], superseded: 0 });
  });
});

describe('a mark of removal', () => {
  it.each([
    [true, { externalId: 'a', deleted: true }],
    [false, { externalId: 'a', deleted: 'true' }],
    [false, { externalId: 'a', deleted: false }],
    [false, { externalId: 'a' }],
  ])('%s: %o', (marked, record) => {
    expect(isMarkedDeleted(record)).toBe(marked);
  });

  it('deletes what Okta holds or may hold; what is gone already is unchanged', async () => {
    const state = memoryState();
    const row = (key: string) => confirmed('users', key);
    await state.adopt([row('held'), row('other')]);
    const id = await state.journal.creating(0);
    await state.journal.created(id, 's');
    await state.journal.loading(id, [upserted('users', 'unsure')]);
    await state.journal.settle(id, 'unknown');
    const reading = await state.read();
    const note = openDiffCounts(new RunContext(), 'users');
    const changes = await markedDeletions(
      'users',
      [user('held'), user('nobody'), user('unsure')],
      reading,
      new AbsenceRules('users', {}),
      note,
    );
    expect(changes).toMatchObject([
      {
        entity: 'users',
        kind: 'delete',
        key: 'held',
        item: '{"externalId":"held"}',
        fingerprint: undefined,
        created: false,
        dependent: false,
      },
      { kind: 'delete', key: 'unsure' },
    ]);
    expect(note).toMatchObject({ read: 3, deletes: 2, unchanged: 1 });
  });
});
