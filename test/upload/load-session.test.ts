import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunContext } from '../../src/flow/run-context.js';
import type { Batch } from '../../src/core/model.js';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { OutcomeReporter } from '../../src/upload/change-outcome.js';
import type { LoadOutcome, SessionLifecycle } from '../../src/upload/lifecycle.js';
import { SessionLoader } from '../../src/upload/load-session.js';
import { PackedBatch } from '../../src/upload/packed-batch.js';
import { RefusedChanges } from '../../src/upload/refused-changes.js';
import { splitBatch } from '../../src/upload/session-content.js';
import { resolveUploadOptions } from '../../src/upload/upload-options.js';
import { UploadTally } from '../../src/upload/upload-tally.js';
import { membershipChange, profileChange } from '../support/changes.js';
import { runs } from '../support/runs.js';
import { failure, FAILURES } from './scripted.js';

const LOADED: LoadOutcome = { kind: 'loaded' };
const REFUSED: LoadOutcome = { kind: 'refused', errorCode: 'E0000001', reason: undefined };
const LOST: LoadOutcome = { kind: 'lost', reason: 'ECONNRESET', error: FAILURES.lost };

const users = (...keys: string[]): Batch =>
  makeBatch(
    'users',
    'upsert',
    keys.map((key) => profileChange('users', 'upsert', key, 'x', true)),
  );
const membership = (user: string) =>
  makeBatch('memberships', 'upsert', [membershipChange('upsert', 'g', user)]);
const keysOf = (batches: readonly PackedBatch[]) =>
  batches.flatMap((batch) => batch.unpack().changes.map(({ key }) => key));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A load that was sent and is not answered yet. */
interface Sent {
  readonly key: string;
  readonly batch: Batch;
  readonly answer: (outcome: LoadOutcome) => Promise<unknown>;
  readonly fail: (error: Error) => Promise<unknown>;
}

/** Loads batches into a session whose answers are given by hand. */
function loading(batches: readonly Batch[], { mostInFlight = 3, mostRequests = 50, check = () => {} } = {}) {
  const inFlight: Sent[] = [];
  const sent: string[] = [];
  const load = (batch: Batch) =>
    new Promise<LoadOutcome>((resolve, reject) => {
      const key = batch.changes.map((change) => change.key).join(',');
      sent.push(key);
      const end = (settle: () => void) => {
        inFlight.splice(inFlight.indexOf(one), 1);
        settle();
        return turn();
      };
      const one: Sent = {
        key,
        batch,
        answer: (outcome) => end(() => resolve(outcome)),
        fail: (error) => end(() => reject(error)),
      };
      inFlight.push(one);
    });
  const options = resolveUploadOptions({ requestsPerSession: mostRequests, loadsInFlight: mostInFlight });
  const tally = new UploadTally();
  const refused = new RefusedChanges(options, new RunContext(), tally, new OutcomeReporter(options));
  const loader = new SessionLoader(
    { sessionId: 's', load } as unknown as SessionLifecycle,
    batches.map((batch) => new PackedBatch(batch)),
    {
      options,
      tally,
      refused,
      check,
      split: async (batch) => {
        const halves = splitBatch(batch);
        if (halves === undefined)
          await refused.add(batch, {
            sessionId: 's',
            errorCode: undefined,
            what: 'refused',
            reason: undefined,
          });
        return halves ?? [];
      },
    },
  );
  let ended = false;
  const done = loader.run().finally(() => (ended = true));
  done.catch(() => undefined);
  return { loader, done, sent, inFlight, tally, ended: () => ended };
}

describe('loading a session', () => {
  it('sends as many requests at once as it may, and the next as soon as one is answered', async () => {
    const { loader, done, sent, inFlight } = loading([
      users('a'),
      users('b'),
      users('c'),
      users('d'),
      users('e'),
    ]);
    expect(sent).toEqual(['a', 'b', 'c']);
    await inFlight[1]?.answer(LOADED);
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
    while (inFlight.length > 0) await inFlight[0]?.answer(LOADED);
    await done;
    expect(keysOf(loader.accepted).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([loader.rest, loader.lost]).toEqual([[], undefined]);
  });

  it('after a lost answer waits for the others, and sends nothing more', async () => {
    const { loader, done, sent, inFlight, ended } = loading([users('a'), users('b'), users('c'), users('d')]);
    const [a, b, c] = [...inFlight];
    await b?.answer(LOST);
    await a?.answer(LOADED);
    expect([sent, ended()]).toEqual([['a', 'b', 'c'], false]);
    await c?.answer(LOST);
    await done;
    expect(loader.lost).toMatchObject({ outcome: LOST });
    expect(keysOf([loader.lost?.batch as PackedBatch])).toEqual(['b']);
    expect(keysOf(loader.accepted)).toEqual(['a']);
    expect(keysOf(loader.rest).sort()).toEqual(['b', 'c', 'd']);
  });

  it('after a failure waits for the others, and ends with the first', async () => {
    const { done, sent, inFlight, ended } = loading([users('a'), users('b'), users('c'), users('d')]);
    const [a, b, c] = [...inFlight];
    await b?.fail(FAILURES.signIn);
    await a?.fail(FAILURES.forbidden);
    expect([sent, ended()]).toEqual([['a', 'b', 'c'], false]);
    await c?.answer(LOADED);
    expect(await failure(done)).toBe(FAILURES.signIn);
  });

  it('sends nothing more once the run must end', async () => {
    let over = false;
    const check = () => {
      if (over) throw FAILURES.bug;
    };
    const { done, sent, inFlight } = loading([users('a'), users('b'), users('c')], {
      mostInFlight: 2,
      check,
    });
    over = true;
    while (inFlight.length > 0) await inFlight[0]?.answer(LOADED);
    expect(await failure(done)).toBe(FAILURES.bug);
    expect(sent).toEqual(['a', 'b']);
  });

  it('memberships are sent after the loads that create their users', async () => {
    const { loader, done, sent, inFlight } = loading([
      users('a', 'b'),
      users('c'),
      membership('a'),
      membership('c'),
    ]);
    expect(sent).toEqual(['a,b', 'c']);
    await inFlight.find(({ key }) => key === 'c')?.answer(LOADED);
    expect(sent).toEqual(['a,b', 'c']);
    while (inFlight.length > 0) {
      const one = inFlight[0] as Sent;
      await one.answer(one.key.includes('a') && one.batch.entity === 'users' ? REFUSED : LOADED);
    }
    await done;
    // The membership of the refused user is left out.
    expect(keysOf(loader.accepted).sort()).toEqual(['b', 'c', membership('c').changes[0]?.key].sort());
  });

  it('neither loses nor repeats a record, whatever becomes of its requests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 20 }),
        fc.infiniteStream(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 20 }))),
        async (sizes, mostInFlight, mostRequests, draws) => {
          let key = 0;
          const batches = sizes.map((size) => users(...Array.from({ length: size }, () => `u${key++}`)));
          const world = loading(batches, { mostInFlight, mostRequests });
          while (world.inFlight.length > 0) {
            expect(world.inFlight.length).toBeLessThanOrEqual(mostInFlight);
            const [which, what] = draws.next().value as [number, number];
            const outcome = what === 0 ? LOST : what < 5 ? REFUSED : LOADED;
            await world.inFlight[which % world.inFlight.length]?.answer(outcome);
          }
          await world.done;
          const { accepted, rest } = world.loader;
          const left = world.tally.report().refused.map(({ externalId }) => externalId);
          const all = [...keysOf(accepted), ...keysOf(rest), ...left];
          expect(all.toSorted()).toEqual(Array.from({ length: key }, (_, i) => `u${i}`).toSorted());
          expect(world.tally.requests).toBeLessThanOrEqual(mostRequests);
        },
      ),
      { numRuns: runs(100) },
    );
  });
});
