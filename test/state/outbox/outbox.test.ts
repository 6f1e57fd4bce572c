import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryBytes, entrySizesOf } from '../../../src/state/outbox/entry-sizes.js';
import type { Batch, Change } from '../../../src/core/model.js';
import { batch } from '../../../src/batch/batch.js';
import { outlookOf, withOutlook } from '../../../src/state/outbox/remaining-changes.js';
import { pipe } from '../../../src/flow/pipe.js';
import { withoutPlaces } from '../../../src/flow/chunk.js';
import { flowOf } from '../../../src/flow/flow.js';
import { RunContext } from '../../../src/flow/run-context.js';
import { createOutbox } from '../../../src/state/outbox/outbox.js';
import { LANES, type Lane, type Outbox } from '../../../src/state/store.js';
import { anyChanges, profileChange } from '../../support/changes.js';

const PEOPLE: Lane = { entity: 'users', kind: 'upsert', dependent: false };

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

/** Changes as `diff` makes them: some updates name the attributes that differ. */
const plans = () =>
  fc
    .tuple(anyChanges(), fc.array(fc.constantFrom('title', 'straße', 'ο δρόμος', '道'), { maxLength: 3 }))
    .map(([changes, names]) =>
      changes.map((change, i): Change => {
        const isProfile = change.entity !== 'memberships' && change.kind === 'upsert';
        return isProfile && i % 2 === 0 && names.length > 0
          ? { ...change, created: false, changed: names }
          : { ...change, changed: undefined };
      }),
    );

describe('the outbox', () => {
  it('what goes in comes out, in its lane and with what it takes in a request', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans(),
        fc.integer({ min: 1, max: 700 }),
        fc.boolean(),
        async (plan, chunk, onDisk) => {
          const outbox = await filled(plan, chunk, onDisk ? directory : undefined);
          for (const lane of LANES) {
            const chunks = await chunksOf(outbox, lane);
            expect(chunks.flat().sort(byKey)).toEqual(plan.filter(isOf(lane)).sort(byKey));
            for (const changes of chunks) expect(entrySizesOf(changes)).toEqual(changes.map(entryBytes));
          }
          await outbox.close();
        },
      ),
    );
  });

  it('what it tells of sizes changes no request', async () => {
    await fc.assert(
      fc.asyncProperty(plans(), fc.integer({ min: 1, max: 40 }), async (plan, maxItems) => {
        const outbox = await filled(plan, 512);
        const requests = async (hand: (chunk: readonly Change[]) => readonly Change[]) => {
          async function* chunks() {
            for (const lane of LANES)
              for await (const chunk of outbox.read(lane)) yield withoutPlaces(hand(chunk));
          }
          const all: Batch[] = [];
          for await (const one of pipe(
            flowOf(chunks, new RunContext()),
            batch({ maxItems, maxBytes: 100_000 }),
          ))
            all.push(one);
          return all;
        };
        const withoutSizes = (chunk: readonly Change[]) => {
          const outlook = outlookOf(chunk);
          return outlook === undefined ? [...chunk] : withOutlook([...chunk], outlook);
        };
        const told = await requests((chunk) => chunk);
        expect(told).toEqual(await requests(withoutSizes));
        for (const { bytes, body } of told) expect(Buffer.byteLength(body)).toBe(bytes);
        await outbox.close();
      }),
      { numRuns: 30 },
    );
  });

  it('a plan of many pages is written while it grows, and read back whole and mixed', async () => {
    // Wide text and plain, items from a few bytes to more than a block, and one that is larger than a page.
    const texts = ['x'.repeat(300), 'ä'.repeat(2000), '道'.repeat(900), 'y'.repeat(90_000)];
    const plan = Array.from({ length: 3000 }, (_, i) =>
      profileChange(
        'users',
        'upsert',
        `user ${i} \ud83d`,
        i === 77 ? 'z'.repeat(1_500_000) : (texts[i % 50] ?? 'a'),
      ),
    );
    const outbox = await filled(plan, 100, directory);
    expect(await readdir(directory)).toHaveLength(1);
    for (let time = 0; time < 2; time++) {
      const read = (await chunksOf(outbox, PEOPLE)).flat();
      expect(read.toSorted(byKey)).toEqual(
        plan.map((change) => ({ ...change, changed: undefined })).sort(byKey),
      );
      // The few large ones stand in both halves.
      const large = (changes: readonly Change[]) => changes.filter(({ item }) => item.length > 80_000).length;
      expect(large(read.slice(0, 1500))).toBeGreaterThan(20);
      expect(large(read.slice(1500))).toBeGreaterThan(20);
    }
    await outbox.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('a file that was changed or cut off is told, and nothing of it is taken for a plan', async () => {
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
    const outbox = createOutbox(join(directory, 'missing'));
    await expect(
      (async () => {
        for (let at = 0; at < plan.length; at += 100) await outbox.add(plan.slice(at, at + 100));
        await outbox.seal();
      })(),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await outbox.close();
  });

  it('a closed outbox takes and gives nothing', async () => {
    const outbox = await filled([profileChange('users', 'upsert', 'u', 'x')], 1);
    await outbox.close();
    await expect(outbox.add([profileChange('users', 'upsert', 'v', 'x')])).rejects.toThrow(/closed/);
    await expect(chunksOf(outbox, PEOPLE)).rejects.toThrow(/closed/);
  });
});
