import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/model.js';
import { CHUNK_SIZE } from '../../../src/flow/chunk.js';
import { createOutbox } from '../../../src/state/outbox/outbox.js';
import { LANES, type Lane, type Outbox } from '../../../src/state/store.js';
import { anyChanges, membershipChange, profileChange } from '../../support/changes.js';

const PEOPLE: Lane = { entity: 'users', kind: 'upsert', dependent: false };
const MEMBERS: Lane = { entity: 'memberships', kind: 'upsert', dependent: false };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-outbox-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function filled(changes: readonly Change[], chunk: number, place?: string): Promise<Outbox> {
  const outbox = createOutbox(place);
  for (let at = 0; at < changes.length; at += chunk) await outbox.add(changes.slice(at, at + chunk));
  await outbox.seal();
  return outbox;
}

async function chunksOf(outbox: Outbox, lane: Lane): Promise<(readonly Change[])[]> {
  const chunks: (readonly Change[])[] = [];
  for await (const chunk of outbox.read(lane)) chunks.push(chunk);
  return chunks;
}

const byKey = (a: Change, b: Change) => (a.key < b.key ? -1 : 1);
const isOf = (lane: Lane) => (change: Change) =>
  change.entity === lane.entity && change.kind === lane.kind && change.dependent === lane.dependent;
const named = (change: Change): Change => ({ ...change, changed: undefined });

describe('the outbox', () => {
  it('returns every change once, in its lane and in chunks of at most a chunk’s size', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyChanges(),
        fc.integer({ min: 1, max: 700 }),
        fc.boolean(),
        async (plan, chunk, onDisk) => {
          const outbox = await filled(plan, chunk, onDisk ? directory : undefined);
          for (const lane of LANES) {
            const chunks = await chunksOf(outbox, lane);
            expect(chunks.flat().sort(byKey)).toEqual(plan.filter(isOf(lane)).map(named).sort(byKey));
            for (const { length } of chunks) expect(length).toBeLessThanOrEqual(CHUNK_SIZE);
          }
          await outbox.close();
        },
      ),
    );
  });

  it('returns creations before other upserts', async () => {
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, 'x', i % 3 === 0),
    );
    const read = (await chunksOf(await filled(plan, 512), PEOPLE)).flat();
    expect(read.findIndex(({ created }) => !created)).toBe(1000);
    expect(read.slice(1000).some(({ created }) => created)).toBe(false);
  });

  it('mixes a source that is sorted: any few hundred changes are like the whole', async () => {
    const plan = Array.from({ length: 20_000 }, (_, i) => profileChange('users', 'upsert', `u${i}`, `${i}`));
    const read = (await chunksOf(await filled(plan, 512), PEOPLE)).flat();
    const place = ({ key }: Change) => Number(key.slice(1)) / 20_000;
    for (let at = 0; at < 20_000; at += 500) {
      const mean = read.slice(at, at + 500).reduce((sum, change) => sum + place(change), 0) / 500;
      expect(Math.abs(mean - 0.5), `from ${at} on`).toBeLessThan(0.08);
    }
  });

  it('returns the same order each time it is asked', async () => {
    const plan = Array.from({ length: 5000 }, (_, i) => profileChange('users', 'upsert', `u${i}`, 'x'));
    const outbox = await filled(plan, 100, directory);
    expect(await chunksOf(outbox, PEOPLE)).toEqual(await chunksOf(outbox, PEOPLE));
  });

  it('keeps members of a group together, 256 at a time, whatever the order of the source', async () => {
    const sizes = [1, 3, 255, 256, 257, 700, ...Array<number>(300).fill(5)];
    const plan = sizes
      .flatMap((size, g) =>
        Array.from({ length: size }, (_, i) => membershipChange('upsert', `g${g}`, `m${i}`)),
      )
      .sort((a, b) => (a.item < b.item ? -1 : 1));
    const read = (await chunksOf(await filled(plan, 512), MEMBERS)).flat();
    const runs = new Map<string, number>();
    for (const [i, { group }] of read.entries())
      if (group !== read[i - 1]?.group) runs.set(group, (runs.get(group) ?? 0) + 1);
    for (const [g, size] of sizes.entries())
      expect(runs.get(`"g${g}"`), `a group of ${size}`).toBeLessThanOrEqual(Math.ceil(size / 256) + 1);
  });

  it('spreads one huge group over the whole plan', async () => {
    const huge = Array.from({ length: 50_000 }, (_, i) => membershipChange('upsert', 'all', `m${i}`));
    const small = Array.from({ length: 50_000 }, (_, i) =>
      membershipChange('upsert', `g${i % 10_000}`, `m${i}`),
    );
    const read = (await chunksOf(await filled([...huge, ...small], 512), MEMBERS)).flat();
    for (let at = 0; at < 100_000; at += 10_000) {
      const share = read.slice(at, at + 10_000).filter(({ group }) => group === '"all"').length / 10_000;
      expect(share, `from ${at} on`).toBeGreaterThan(0.3);
      expect(share, `from ${at} on`).toBeLessThan(0.7);
    }
  });

  it('touches no disk with a small plan', async () => {
    const plan = Array.from({ length: 20_000 }, (_, i) => profileChange('users', 'delete', `u${i}`, ''));
    const outbox = await filled(plan, 512, directory);
    expect(await readdir(directory)).toEqual([]);
    await outbox.close();
  });

  it('without a directory stays in memory, however large', async () => {
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, 'x'.repeat(3000)),
    );
    const read = (await chunksOf(await filled(plan, 100), PEOPLE)).flat();
    expect(read.sort(byKey)).toEqual(plan.map(named).sort(byKey));
  });

  it('a plan of many megabytes is written while it grows, and read back whole', async () => {
    // Wide text and plain, from a few bytes to more than a megabyte, and half of a surrogate pair.
    const texts = ['x'.repeat(300), 'ä'.repeat(2000), '道'.repeat(900), 'y'.repeat(90_000)];
    const text = (i: number) => (i === 77 ? 'z'.repeat(1_500_000) : (texts[i % 50] ?? 'a'));
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange('users', 'upsert', `user ${i} \ud83d`, text(i)),
    );
    const outbox = await filled(plan, 100, directory);
    expect(await readdir(directory)).toHaveLength(1);
    for (let time = 0; time < 2; time++)
      expect((await chunksOf(outbox, PEOPLE)).flat().sort(byKey)).toEqual(plan.map(named).sort(byKey));
    await outbox.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('a file that was changed or cut off is an error, and nothing of it becomes part of a plan', async () => {
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, 'x'.repeat(4000)),
    );
    for (const harm of ['change', 'cut'] as const) {
      const outbox = await filled(plan, 100, directory);
      const path = join(directory, (await readdir(directory))[0] as string);
      if (harm === 'cut') await truncate(path, 1000);
      else await writeFile(path, Buffer.alloc(20_000_000, 1));
      await expect(chunksOf(outbox, PEOPLE)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
      await outbox.close();
    }
  });

  it('a disk that cannot be written fails the plan', async () => {
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, 'x'.repeat(4000)),
    );
    await expect(filled(plan, 100, join(directory, 'missing'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
    });
  });

  it('refuses changes and readers once it is closed', async () => {
    const outbox = await filled([profileChange('users', 'upsert', 'u', 'x')], 1);
    await outbox.close();
    await expect(outbox.add([profileChange('users', 'upsert', 'v', 'x')])).rejects.toThrow(/closed/);
    await expect(chunksOf(outbox, PEOPLE)).rejects.toThrow(/closed/);
  });
});
