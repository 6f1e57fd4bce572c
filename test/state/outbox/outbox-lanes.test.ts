import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/model.js';
import {
  GROUP_CLASSES,
  LaneStretches,
  SIZE_CLASSES,
  type Stretch,
} from '../../../src/state/outbox/outbox-lanes.js';
import { LANES, type Lane } from '../../../src/state/store.js';
import { membershipChange, profileChange } from '../../support/changes.js';

const PEOPLE: Lane = { entity: 'users', kind: 'upsert', dependent: false };
const MEMBERS: Lane = { entity: 'memberships', kind: 'upsert', dependent: false };
const SMALL_GROUP = 120;
const SMALLEST = 64;
const LARGEST = 256 * 1024;

const created = profileChange('users', 'upsert', 'u', 'x');
const updated = profileChange('users', 'upsert', 'u', 'x', false);

/** One change for each lane. */
const changeOf = ({ entity, kind, dependent }: Lane): Change =>
  entity === 'memberships'
    ? membershipChange(kind, 'g', 'm', dependent)
    : profileChange(entity, kind, 'k', '');

describe('the stretches of a lane', () => {
  it('hold what is of its entity, its kind and its dependence, and each change is of one lane', () => {
    for (const lane of LANES)
      expect(LANES.filter((other) => new LaneStretches(other).holds(changeOf(lane)))).toEqual([lane]);
  });

  it('are of one size within a fifteenth, from 64 bytes to 256 KB, the smaller first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: Math.log2(SMALLEST), max: Math.log2(LARGEST) - 0.001, noNaN: true }), {
          maxLength: 300,
          size: 'max',
        }),
        (octaves) => {
          const lane = new LaneStretches(PEOPLE);
          const sizes = new Map<Stretch, number[]>();
          for (const size of octaves.map((octave) => Math.floor(2 ** octave))) {
            const stretch = lane.of(created, size);
            sizes.set(stretch, [...(sizes.get(stretch) ?? []), size]);
          }
          const [creations] = lane.split(SIZE_CLASSES);
          let before = 0;
          for (const stretch of creations) {
            const inside = sizes.get(stretch) as number[];
            const [smallest, largest] = [Math.min(...inside), Math.max(...inside)];
            expect(smallest).toBeGreaterThan(before);
            expect(largest / smallest).toBeLessThan(1 + 1 / 15);
            before = largest;
          }
        },
      ),
    );
  });

  it('are one where sizes are alike, so that there are few', () => {
    const lane = new LaneStretches(PEOPLE);
    for (let size = SMALLEST; size < LARGEST; size += 1 + (size >> 8)) lane.of(created, size);
    expect(lane.byClass.size).toBe(SIZE_CLASSES);
  });

  it('are the first and the last for what is smaller or larger than any class', () => {
    const lane = new LaneStretches(PEOPLE);
    const smallest = lane.of(created, SMALLEST);
    const largest = lane.of(created, LARGEST - 1);
    for (const size of [0, 1, 33, 63]) expect(lane.of(created, size)).toBe(smallest);
    for (const size of [LARGEST, LARGEST * 3, 2 ** 24, 2 ** 28, 3 * 2 ** 28, 2 ** 31 - 1])
      expect(lane.of(created, size)).toBe(largest);
    expect(lane.split(SIZE_CLASSES)).toEqual([[smallest, largest], []]);
  });

  it('are creations and updates apart, whatever their size, each in the order of size', () => {
    const sizes = [300_000, 40, 5000, 64, 900, 2 ** 30];
    const lane = new LaneStretches(PEOPLE);
    const updates = new Map(sizes.map((size) => [size, lane.of(updated, size)]));
    const creations = new Map(sizes.map((size) => [size, lane.of(created, size)]));
    expect(new Set([...updates.values(), ...creations.values()]).size).toBe(8);
    const inOrder = (stretches: ReadonlyMap<number, Stretch>) =>
      [40, 900, 5000, 300_000].map((size) => stretches.get(size));
    const split = lane.split(SIZE_CLASSES);
    for (const [i, expected] of [inOrder(creations), inOrder(updates)].entries()) {
      expect(split[i]).toHaveLength(expected.length);
      for (const [j, stretch] of expected.entries()) expect(split[i]?.[j]).toBe(stretch);
    }
  });

  it('are of groups: the first 120 members of each together, and what it has beyond apart', () => {
    const lane = new LaneStretches(MEMBERS);
    const stretches = Array.from({ length: 2 * SMALL_GROUP }, (_, i) =>
      lane.of(membershipChange('upsert', 'staff', `m${i}`), 10 + i),
    );
    const [small] = stretches as [Stretch];
    const large = stretches.at(-1) as Stretch;
    expect(large).not.toBe(small);
    expect(stretches.every((stretch, i) => stretch === (i < SMALL_GROUP ? small : large))).toBe(true);
    expect(lane.split(GROUP_CLASSES).map((side) => side.length)).toEqual([1, 1]);
    expect(lane.split(GROUP_CLASSES)[0][0]).toBe(small);
  });

  it('take so many groups each that any of them fits in memory', () => {
    const lane = new LaneStretches(MEMBERS);
    const groupsOf = new Map<Stretch, number>();
    const add = (stretch: Stretch) => groupsOf.set(stretch, (groupsOf.get(stretch) ?? 0) + 1);
    for (let g = 0; g < 50 * GROUP_CLASSES; g++) {
      const change = membershipChange('upsert', `group-${g}`, 'm');
      const small = lane.of(change, 1);
      for (let member = 2; member <= SMALL_GROUP; member++)
        if (lane.of(change, 1) !== small) throw new Error(`group ${g} is apart at its member ${member}`);
      add(small);
      add(lane.of(change, 1));
    }
    for (const side of lane.split(GROUP_CLASSES)) {
      expect(side).toHaveLength(GROUP_CLASSES);
      for (const stretch of side) {
        expect(groupsOf.get(stretch)).toBeGreaterThan(20);
        expect(groupsOf.get(stretch)).toBeLessThan(90);
      }
    }
  });
});
