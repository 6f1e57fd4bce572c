import { describe, expect, it } from 'vitest';
import { valid } from '../support/valid.js';
import { entryFrame } from '../../src/okta/bulk-body.js';
import { LIMITS } from '../../src/core/limits.js';
import type { Change, UserRecord } from '../../src/core/model.js';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { guard } from '../../src/guard/guard.js';
import { pipe } from '../../src/flow/pipe.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { membershipChange } from '../support/changes.js';
import { runs } from '../support/runs.js';
import { boundOf, mixesOf, rng, type SizeOf } from '../support/sizes.js';

const RECORDS = 12_000;
const SEEDS = [1, 2].slice(0, runs(2));

/**
 * How many requests more than the bound a mix may take. Where the limits of items and bytes bind at once, and where single
 * records are a third of a request, the bound is out of reach by one.
 */
const spare = (mix: string) => (/both limits|heavy tail/.test(mix) ? 1 : 0);

/** The mixes that every packing meets, and four more. */
const mixes: Record<string, SizeOf> = {
  ...mixesOf(RECORDS, 2500),
  'long runs, one size after another': (_random, i) => 200 * 30 ** ((Math.floor(i / 1000) * 0.618) % 1),
  'heavy tail to 6 KB': (random) => Math.min(6000, 250 / (1 - random()) ** 0.5),
  'heavy tail to 100 KB': (random) => Math.min(100_000, 200 / (1 - random()) ** 0.9),
  'ascending ramp, both limits at once': (_random, i) => 200 + (i / RECORDS) * 1600,
};

function* users(sizes: readonly number[]): Generator<UserRecord, void, undefined> {
  for (const [i, size] of sizes.entries()) {
    const externalId = `u${i}`;
    const bare = JSON.stringify({ externalId, profile: { displayName: '' } }).length;
    yield { externalId, profile: { displayName: 'x'.repeat(size - bare) } };
  }
}

async function requestsFor(sizes: readonly number[]): Promise<number> {
  const state = memoryState();
  let [requests, sent] = [0, 0];
  for await (const { bytes, items } of pipe(
    valid('users', [...users(sizes)]),
    diff('users', state),
    guard(state),
    batch(),
  )) {
    expect(bytes).toBeLessThanOrEqual(LIMITS.bytesPerRequest);
    expect(items).toBeLessThanOrEqual(LIMITS.itemsPerRequest);
    requests++;
    sent += items;
  }
  expect(sent).toBe(sizes.length);
  await state.close();
  return requests;
}

const sessions = (requests: number) => Math.ceil(requests / LIMITS.requestsPerSession);

describe('packing', () => {
  for (const [mix, sizeOf] of Object.entries(mixes)) {
    it(`requests are within 0.5 % of the bound: ${mix}`, async () => {
      for (const seed of SEEDS) {
        const random = rng(seed);
        const sizes = Array.from({ length: RECORDS }, (_, i) => Math.round(sizeOf(random, i)));
        const [requests, bound] = [await requestsFor(sizes), boundOf(sizes)];
        expect(requests, `seed ${seed}`).toBeGreaterThanOrEqual(bound);
        expect(requests, `seed ${seed}`).toBeLessThanOrEqual(bound * 1.005 + spare(mix));
        expect(sessions(requests), `seed ${seed}`).toBe(sessions(bound));
      }
    });
  }

  const groupSizes: Record<string, (g: number) => number> = {
    'five memberships a user in groups of 250': () => 250,
    'groups of five': () => 5,
    'small and large groups': (g) => (g % 5 === 0 ? 300 : 5),
    'a few huge groups among tiny ones': (g) => (g % 1500 === 0 ? 20_000 : 3),
  };
  for (const [mix, sizeOf] of Object.entries(groupSizes)) {
    it(`requests of memberships are within one of the bound: ${mix}`, async () => {
      const changes: Change[] = [];
      let groups = 0;
      for (; changes.length < 60_000; groups++) {
        for (let member = 0; member < sizeOf(groups); member++)
          changes.push(membershipChange('upsert', `G${groups}`, `E${String(member).padStart(8, '0')}`));
      }
      const random = rng(7);
      for (let i = changes.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [changes[i], changes[j]] = [changes[j] as Change, changes[i] as Change];
      }
      const frames = new Map(changes.map(({ group }) => [group, entryFrame(group).join('').length]));
      let bytes = changes.reduce((sum, { item }) => sum + item.length + 1, 0);
      for (const frame of frames.values()) bytes += frame;
      const bound = Math.max(
        Math.ceil(groups / LIMITS.itemsPerRequest),
        Math.ceil(bytes / (LIMITS.bytesPerRequest - '{"memberships":[]}'.length + 1)),
      );
      const state = memoryState();
      let [requests, sent] = [0, 0];
      for await (const { changes: inside } of pipe(changes, guard(state), batch())) {
        requests++;
        sent += inside.length;
      }
      await state.close();
      expect(sent).toBe(changes.length);
      expect(requests).toBeLessThanOrEqual(bound + 1);
    });
  }

  it('where two sizes make the bound unreachable, requests are as few as whole numbers allow', async () => {
    // Forty large and 160 small would fill both limits, but for the commas: a request with 200 holds 39 large at most.
    const sizes = Array.from({ length: RECORDS }, (_, i) => (i % 5 === 0 ? 4000 : 250));
    expect(boundOf(sizes)).toBe(61);
    expect(await requestsFor(sizes)).toBe(61);
  });
});
