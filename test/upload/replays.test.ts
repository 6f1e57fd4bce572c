import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { PackedBatch } from '../../src/upload/packed-batch.js';
import { Replays, type Content } from '../../src/upload/replays.js';
import { membershipChange, profileChange } from '../support/changes.js';

const users = (...keys: string[]) =>
  new PackedBatch(
    makeBatch(
      'users',
      'upsert',
      keys.map((key) => profileChange('users', 'upsert', key, 'x')),
    ),
  );
const members = (...keys: string[]) =>
  new PackedBatch(
    makeBatch(
      'memberships',
      'upsert',
      keys.map((key) => membershipChange('upsert', 'g', key)),
    ),
  );
const keysOf = ({ batches }: Content) =>
  batches.flatMap((batch) => batch.unpack().changes.map(({ key }) => key));
const sizes = (content: Content | undefined) => content?.batches.map(({ size }) => size);
const error = { sessionId: 's', reason: 'ERROR', blames: true };

describe('the content of failed sessions', () => {
  it('comes back whole, whatever fails in whatever way, but for what is at fault', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.record({ fails: fc.nat(2), blames: fc.boolean(), at: fc.nat() })),
        (lengths, answers) => {
          const replays = new Replays();
          const all = lengths.map((length, i) => Array.from({ length }, (_, j) => `${i}-${j}`));
          const done: string[] = [];
          let content: Content | undefined = { batches: all.map((keys) => users(...keys)), attempt: 0 };
          while (content !== undefined) {
            const { fails, blames, at } = answers.next().value as {
              fails: number;
              blames: boolean;
              at: number;
            };
            const batch = content.batches[at % content.batches.length];
            if (fails === 0) done.push(...keysOf(content));
            else {
              const failure = { sessionId: 's', reason: 'r', blames, ...(fails === 1 && { batch }) };
              const culprit = replays.failed(content, failure);
              if (culprit !== undefined) done.push(...keysOf({ batches: [culprit.batch], attempt: 0 }));
            }
            replays.progress();
            content = replays.next(false) ?? replays.nextSuspect(false);
          }
          expect(done.sort()).toEqual(all.flat().sort());
        },
      ),
    );
  });

  it('is halved once, and halved inside its requests where it fails again', () => {
    const replays = new Replays();
    replays.failed({ batches: [users('a', 'b', 'c'), users('d')], attempt: 0 }, error);
    const first = replays.next(true);
    expect([sizes(first), sizes(replays.next(true)), replays.next(true)]).toEqual([[3], [1], undefined]);
    expect(replays.failed(first as Content, error)).toBeUndefined();
    expect(replays.next(true)).toBeUndefined();
    expect([sizes(replays.nextSuspect(true)), sizes(replays.nextSuspect(true))]).toEqual([[2], [1]]);
  });

  it('keeps the requests of a suspect in one session, without the innocent ones', () => {
    const replays = new Replays();
    const [a, b, c] = [users('a'), users('b', 'c', 'd', 'e'), users('f')];
    replays.failed({ batches: [a, b, c], attempt: 1 }, { ...error, batch: b });
    expect([sizes(replays.next(true)), sizes(replays.next(true))]).toEqual([[1], [1]]);
    const suspect = replays.nextSuspect(true) as Content;
    expect(sizes(suspect)).toEqual([2, 2]);
    replays.failed(suspect, { ...error, batch: suspect.batches[0] });
    expect(sizes(replays.nextSuspect(true))).toEqual([2, 1, 1]);
  });

  it('is no suspect where no record can be the reason', () => {
    const replays = new Replays();
    replays.failed({ batches: [users('a', 'b')], attempt: 7 }, { ...error, blames: false });
    expect(replays.nextSuspect(false)).toBeUndefined();
    expect(sizes(replays.next(false))).toEqual([2]);
  });

  it('has memberships wait for what is created, and those that name a suspect', () => {
    const replays = new Replays();
    replays.failed({ batches: [users('a'), members('a')], attempt: 1 }, error);
    expect(replays.next(true)).toBeUndefined();
    const name = (key: string) => makeBatch('memberships', 'upsert', [membershipChange('upsert', 'g', key)]);
    expect([replays.delays(name('a'), true), replays.delays(name('b'), true)]).toEqual([true, false]);
    expect(replays.nextSuspect(true)?.batches.map(({ entity }) => entity)).toEqual(['users']);
    expect(replays.nextSuspect(true)).toBeUndefined();
    expect(replays.nextSuspect(false)?.batches.map(({ entity }) => entity)).toEqual(['memberships']);
    expect(replays.delays(name('a'), false)).toBe(false);
  });

  it('proves that a record is the cause only if Okta accepted something else since it failed first', () => {
    const cause = (acceptsBetween: boolean) => {
      const replays = new Replays();
      replays.progress();
      replays.failed({ batches: [users('a')], attempt: 0 }, error);
      if (acceptsBetween) replays.progress();
      for (;;) {
        const next = replays.next(false) ?? replays.nextSuspect(false);
        const culprit = next && replays.failed(next, error);
        if (culprit !== undefined) return culprit;
      }
    };
    expect(cause(false)).toMatchObject({ batch: { size: 1 }, isProven: false });
    expect(cause(true)).toMatchObject({ batch: { size: 1 }, isProven: true });
  });

  it('ends the run after ten in a row, or too many of the same', () => {
    const replays = new Replays();
    const content: Content = { batches: [users('a', 'b')], attempt: 0 };
    for (let i = 0; i < 9; i++) replays.failed(content, error);
    expect(() => replays.failed(content, error)).toThrow('10 sessions in a row failed');
    replays.progress();
    expect(replays.failed({ ...content, attempt: 23 }, error)).toBeUndefined();
    expect(() => replays.failed({ ...content, attempt: 24 }, error)).toThrow(
      expect.objectContaining({ code: 'ERR_ROLLCALL_SESSION', sessionId: 's' }),
    );
  });
});
