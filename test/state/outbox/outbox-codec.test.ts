import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes } from '../../../src/state/outbox/entry-sizes.js';
import type { Change } from '../../../src/core/model.js';
import { BlockWriter, readFrame, type Frame } from '../../../src/state/outbox/outbox-codec.js';
import { LANES, type Lane } from '../../../src/state/store.js';
import { membershipChange, profileChange } from '../../support/changes.js';

const FRAME_CHANGES = 32;
const FRAME_BYTES = 16 * 1024;
const PEOPLE: Lane = { entity: 'users', kind: 'upsert', dependent: false };

/** The frames of a block, each after the other. */
function framesOf(block: Buffer, lane: Lane): Frame[] {
  // A buffer of its own, so that numbers of four bytes stand where they may.
  const own = Buffer.allocUnsafeSlow(block.length);
  own.set(block);
  const frames: Frame[] = [];
  for (let at = 0; at < own.length;) {
    const { changes, sizes, end } = readFrame(own, at, lane);
    expect(end % 4).toBe(0);
    expect(end).toBeGreaterThan(at);
    frames.push({ changes: changes.map((change) => ({ ...change })), sizes });
    at = end;
  }
  return frames;
}

const text = fc.string({ unit: fc.constantFrom('a', 'ÿ', 'Ā', '\uffff', '\u0001', '"'), maxLength: 5 });
const word = text.filter((name) => name !== '');

/** Changes of one lane, as `diff` makes them. */
function changesOf({ entity, kind, dependent }: Lane): fc.Arbitrary<Change[]> {
  if (entity === 'memberships')
    return fc.array(
      fc.tuple(fc.constantFrom('g', 'Ā', '"', ''), text).map(([group, member]) => ({
        ...membershipChange(kind, group, member, dependent),
        changed: undefined,
      })),
      { maxLength: 80 },
    );
  const byte = fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n));
  const fingerprint = fc.record({
    digest: fc.string({ unit: byte, minLength: 16, maxLength: 16 }),
    attributes: fc.string({ unit: byte, maxLength: 24 }),
  });
  return fc.array(
    fc
      .tuple(
        text,
        text,
        fingerprint,
        fc.boolean(),
        fc.option(fc.array(word, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      )
      .map(([key, name, print, created, changed]) => ({
        ...profileChange(entity, kind, key, name, created),
        fingerprint: kind === 'delete' ? undefined : print,
        changed: kind === 'delete' ? undefined : changed,
      })),
    { maxLength: 80 },
  );
}

describe('changes that wait in the outbox', () => {
  it.each(LANES)('come back as they were: $kind of $entity, dependent: $dependent', (lane) => {
    fc.assert(
      fc.property(changesOf(lane), fc.boolean(), (changes, inTwo) => {
        const writer = new BlockWriter();
        const frames: Frame[] = [];
        for (const [i, change] of changes.entries()) {
          writer.add(change, entryBytes(change) + i);
          if (inTwo && i === changes.length >> 1) frames.push(...framesOf(writer.take(), lane));
        }
        frames.push(...framesOf(writer.finish(), lane));
        expect(frames.flatMap((frame) => frame.changes)).toEqual(changes);
        expect(frames.flatMap(({ sizes }) => sizes)).toEqual(
          changes.map((change, i) => entryBytes(change) + i),
        );
        expect(writer.finish()).toHaveLength(0);
      }),
    );
  });

  it('are closed into frames of 32, or of 16 KB of items and keys', () => {
    const sizesOf = (changes: readonly Change[]) => {
      const writer = new BlockWriter();
      for (const change of changes) writer.add(change, 1);
      return framesOf(writer.finish(), PEOPLE).map((frame) => frame.changes.length);
    };
    const small = Array.from({ length: 2 * FRAME_CHANGES + 1 }, (_, i) =>
      profileChange('users', 'upsert', `u${i}`, 'x'),
    );
    expect(sizesOf(small)).toEqual([FRAME_CHANGES, FRAME_CHANGES, 1]);
    const of = (bytes: number): Change => {
      const bare = profileChange('users', 'upsert', 'key', '');
      const more = bytes - bare.item.length - bare.key.length;
      return profileChange('users', 'upsert', 'key', 'x'.repeat(more));
    };
    expect(sizesOf([of(FRAME_BYTES), of(100)])).toEqual([1, 1]);
    expect(sizesOf([of(FRAME_BYTES - 1), of(100), of(100)])).toEqual([2, 1]);
    expect(sizesOf([of(FRAME_BYTES / 2), of(FRAME_BYTES / 2), of(100)])).toEqual([2, 1]);
  });

  it('count in bytes once their frame is closed', () => {
    const writer = new BlockWriter();
    const add = (count: number) => {
      for (let i = 0; i < count; i++) writer.add(profileChange('users', 'upsert', `u${i}`, 'x'), 1);
    };
    add(FRAME_CHANGES - 1);
    expect(writer.bytes).toBe(0);
    add(1);
    const one = writer.bytes;
    expect(one).toBeGreaterThan(FRAME_CHANGES * 24);
    add(FRAME_CHANGES);
    expect(writer.bytes).toBeGreaterThan(one);
    const both = writer.bytes;
    expect(writer.take()).toHaveLength(both);
    expect(writer.bytes).toBe(0);
  });

  it('are written into memory that is used again, and never more than twice what a block takes', () => {
    const writer = new BlockWriter();
    for (let block = 0; block < 12; block++) {
      for (let i = 0; i < 8 * FRAME_CHANGES; i++)
        writer.add(profileChange('users', 'upsert', `u${i}`, 'x'.repeat(100)), 1);
      const taken = writer.take();
      expect(taken.buffer.byteLength).toBeLessThanOrEqual(2 * taken.length);
    }
  });

  it('take no more than what the lane and the key do not say, a byte a character where that is enough', () => {
    const bytesOf = (change: Change) => {
      const writer = new BlockWriter();
      writer.add(change, 1);
      return writer.finish().length;
    };
    const numbers = (6 + 6) * 4;
    const aligned = (bytes: number) => Math.ceil(bytes / 4) * 4;
    const person = profileChange('users', 'upsert', 'key', 'xyz');
    expect(bytesOf(person)).toBe(aligned(numbers + person.item.length + 3 + 16));
    const wide = profileChange('users', 'upsert', 'key', '道');
    expect(bytesOf(wide)).toBe(aligned(numbers + 2 * wide.item.length + 3 + 16));
    expect(bytesOf(profileChange('users', 'delete', 'key', ''))).toBe(aligned(numbers + 3));
    expect(bytesOf(membershipChange('upsert', 'g', 'm'))).toBe(aligned(numbers + '1:gm'.length + 16));
    expect(bytesOf(membershipChange('delete', 'g', 'm'))).toBe(aligned(numbers + '1:gm'.length));
  });
});
