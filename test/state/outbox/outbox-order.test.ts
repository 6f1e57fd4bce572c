import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE } from '../../../src/flow/chunk.js';
import { entryBytes, entrySizesOf } from '../../../src/state/outbox/entry-sizes.js';
import type { Change } from '../../../src/core/model.js';
import { outlookOf } from '../../../src/state/outbox/remaining-changes.js';
import { createOutbox } from '../../../src/state/outbox/outbox.js';
import { LANES, type Lane, type Outbox } from '../../../src/state/store.js';
import { membershipChange, profileChange } from '../../support/changes.js';
import { runs } from '../../support/runs.js';
import { rng } from '../../support/sizes.js';

const PEOPLE: Lane = { entity: 'users', kind: 'upsert', dependent: false };
const SMALL_GROUP = 120;
/** Changes of each step of a mix, and how far from its share a class may be after one. */
const STEP = 50;
const FEW = 5;

type Chunks = readonly (readonly Change[])[];

async function filled(plan: readonly Change[], directory?: string): Promise<Outbox> {
  const outbox = createOutbox(directory);
  for (let at = 0; at < plan.length; at += CHUNK_SIZE) await outbox.add(plan.slice(at, at + CHUNK_SIZE));
  await outbox.seal();
  return outbox;
}

async function chunksOf(plan: readonly Change[], lane: Lane): Promise<Chunks> {
  const outbox = await filled(plan);
  const chunks: (readonly Change[])[] = [];
  for await (const chunk of outbox.read(lane)) chunks.push(chunk);
  await outbox.close();
  return chunks;
}

const keysOf = (changes: readonly Change[]) => changes.map(({ key }) => key);
const grouped = <K>(changes: readonly Change[], by: (change: Change) => K): Map<K, Change[]> => {
  const groups = new Map<K, Change[]>();
  for (const change of changes) {
    const group = groups.get(by(change));
    if (group === undefined) groups.set(by(change), [change]);
    else group.push(change);
  }
  return groups;
};

function shuffled<T>(all: readonly T[], seed: number): T[] {
  const random = rng(seed);
  return all
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** So many people whose entries take so many bytes. */
interface Sized {
  readonly bytes: number;
  readonly count: number;
}

function peopleOf(sized: readonly Sized[], created: boolean): Change[] {
  return sized.flatMap(({ bytes, count }) =>
    Array.from({ length: count }, (_, i) => {
      const key = `${created ? 'new' : 'old'}-${bytes}-${i}`;
      const bare = entryBytes(profileChange('users', 'upsert', key, '', created));
      return profileChange('users', 'upsert', key, 'x'.repeat(bytes - bare), created);
    }),
  );
}

/** What holds of creations, and of updates, each by themselves. */
function expectMixed(chunks: Chunks, plan: readonly Change[]): void {
  const all = grouped(plan, entryBytes);
  const given = new Map(Array.from(all.keys(), (size) => [size, [] as Change[]]));
  let count = plan.length;
  let bytes = plan.reduce((sum, change) => sum + entryBytes(change), 0);
  for (const [i, chunk] of chunks.entries()) {
    expect(chunk.length).toBeGreaterThanOrEqual(i < chunks.length - 1 ? CHUNK_SIZE : 1);
    expect(chunk.length).toBeLessThan(CHUNK_SIZE + 2 * STEP);
    const sizes = chunk.map(entryBytes);
    expect(entrySizesOf(chunk)).toEqual(sizes);
    expect(outlookOf(chunk)).toEqual({ count, bytes });
    for (const [j, size] of sizes.entries()) {
      given.get(size)?.push(chunk[j] as Change);
      count--;
      bytes -= size;
    }
    for (const [size, { length }] of given) {
      const share = (1 - count / plan.length) * (all.get(size)?.length ?? 0);
      expect(Math.abs(length - share), `entries of ${size} bytes`).toBeLessThan(FEW);
    }
  }
  for (const [size, changes] of all) expect(keysOf(given.get(size) ?? [])).toEqual(keysOf(changes));
}

async function expectPeople(created: readonly Sized[], updated: readonly Sized[]): Promise<void> {
  const plan = shuffled([...peopleOf(created, true), ...peopleOf(updated, false)], 1);
  const chunks = await chunksOf(plan, PEOPLE);
  const isCreation = ([first]: readonly Change[]) => first?.created === true;
  const creations = chunks.filter(isCreation);
  expect(chunks.slice(0, creations.length)).toEqual(creations);
  expectMixed(
    creations,
    plan.filter((change) => change.created),
  );
  expectMixed(
    chunks.slice(creations.length),
    plan.filter((change) => !change.created),
  );
}

describe('users and groups, as the outbox gives them', () => {
  const sized = fc.uniqueArray(
    fc.record({ bytes: fc.constantFrom(100, 130, 310, 700, 2000, 5000), count: fc.nat(1000) }),
    { selector: ({ bytes }) => bytes },
  );

  it('are creations before updates, each size in its order and in even shares, in chunks that tell what is to come', async () => {
    await fc.assert(fc.asyncProperty(sized, sized, expectPeople), { numRuns: runs(15) });
  });

  it('are even where the large are few and their sizes many', async () => {
    const few = Array.from({ length: 60 }, (_, i) => ({ bytes: 5000 + 400 * i, count: 1 + (i % 4) }));
    await expectPeople([{ bytes: 100, count: 4000 }, ...few], [{ bytes: 200, count: 900 }, ...few]);
  });

  // With these counts all may be given one step before the last.
  it('never come in a chunk that is empty', async () => {
    for (let large = 1; large < 100; large += 3)
      await expectPeople(
        [
          { bytes: 900, count: large },
          { bytes: 100, count: 551 - large },
        ],
        [],
      );
  });
});

/** Members of groups of these sizes; their ids differ in length. */
const membersOf = (groups: readonly number[], { kind, dependent }: Lane, name = 'g') =>
  groups.flatMap((size, g) =>
    Array.from({ length: size }, (_, i) => membershipChange(kind, `${name}${g}`, `m${i}`, dependent)),
  );

/** What holds of memberships: the first of each group stand on one side, and what it has beyond on the other. */
async function expectMembers(plan: readonly Change[], lane: Lane): Promise<void> {
  const chunks = await chunksOf(plan, lane);
  const members = grouped(plan, ({ group }) => group);
  const small = Array.from(members.values(), (all) => Math.min(all.length, SMALL_GROUP));
  const total = { small: small.reduce((sum, count) => sum + count, 0), large: 0 };
  total.large = plan.length - total.small;
  const given = { small: 0, large: 0 };
  const seen = new Map<string, { small: Change[]; large: Change[] }>();
  for (const chunk of chunks) {
    const group = chunk[0]?.group as string;
    expect(chunk.every((change) => change.group === group)).toBe(true);
    expect(entrySizesOf(chunk)).toEqual(chunk.map(entryBytes));
    expect(chunk.length).toBeLessThanOrEqual(CHUNK_SIZE);
    const all = members.get(group) as Change[];
    const side = all.findIndex(({ key }) => key === chunk[0]?.key) < SMALL_GROUP ? 'small' : 'large';
    const of = seen.get(group) ?? { small: [], large: [] };
    seen.set(group, of);
    // A group is given at once, a large one in whole chunks.
    if (side === 'small') expect(of.small).toEqual([]);
    else expect(of.large.length % CHUNK_SIZE).toBe(0);
    of[side].push(...chunk);
    given[side] += chunk.length;
    // Neither side is ahead of the other by more than the chunk it gave last.
    const lead = given.small * total.large - given.large * total.small;
    expect(lead).toBeLessThanOrEqual(SMALL_GROUP * total.large);
    expect(-lead).toBeLessThanOrEqual(CHUNK_SIZE * total.small);
  }
  for (const [group, all] of members) {
    const { small: first, large: beyond } = seen.get(group) ?? { small: [], large: [] };
    expect(keysOf(first)).toEqual(keysOf(all.slice(0, SMALL_GROUP)));
    expect(keysOf(beyond)).toEqual(keysOf(all.slice(SMALL_GROUP)));
  }
  expect(seen.size).toBe(members.size);
}

describe('memberships, as the outbox gives them', () => {
  const lanes = LANES.filter(({ entity }) => entity === 'memberships');

  it.each(lanes)('are by group, the large in proportion: $kind, dependent: $dependent', async (lane) => {
    const size = fc.oneof(fc.nat(5), fc.integer({ min: 100, max: 140 }), fc.nat(1800));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 40 }), async (groups) => {
        await expectMembers(shuffled(membersOf(groups, lane), 1), lane);
      }),
      { numRuns: runs(10) },
    );
  });

  const [lane] = lanes as [Lane];

  it.each([
    ['many small groups', Array.from({ length: 3000 }, () => 3)],
    ['one huge group among small ones', [7000, ...Array.from({ length: 400 }, () => 20)]],
    ['what a large group has beyond fills its chunks', [SMALL_GROUP + 2 * CHUNK_SIZE, SMALL_GROUP, 0, 1]],
  ])('are by group and in proportion: %s', async (_, groups) => {
    await expectMembers(shuffled(membersOf(groups, lane), 1), lane);
  });

  // Long ids, so that a few hundred fill a block, and some of these counts do so to its end.
  it('come once each where the last one fills a block', async () => {
    for (let count = SMALL_GROUP; count <= SMALL_GROUP + 12 * 32; count += 32)
      await expectMembers(membersOf([count], lane, 'g'.repeat(200)), lane);
  });
});

describe('an outbox', () => {
  it('touches no disk with less than four megabytes, however many its changes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-outbox-'));
    const plan = Array.from({ length: 100_000 }, (_, i) => profileChange('users', 'delete', `u${i}`, ''));
    const outbox = await filled(plan, directory);
    expect(await readdir(directory)).toEqual([]);
    await outbox.close();
    await rm(directory, { recursive: true });
  });
});
