import { expect, it } from 'vitest';
import { openDiffCounts, diffCountsOf } from '../../src/diff/diff-counts.js';
import { RunContext } from '../../src/flow/run-context.js';

it('a note of a diff begins with nothing, is made once, and is of one entity', () => {
  const context = new RunContext();
  expect(diffCountsOf(context, 'users')).toBeUndefined();
  const note = openDiffCounts(context, 'users');
  expect(note).toEqual({
    read: 0,
    unchanged: 0,
    creates: 0,
    resends: 0,
    updates: 0,
    deletes: 0,
    heldBack: 0,
    spared: 0,
    excluded: 0,
    superseded: 0,
    refused: 0,
    outOfReach: { deletes: 0, updates: 0 },
    uncleared: new Map(),
    emptied: new Map(),
    idChanges: undefined,
  });
  note.read = 5;
  expect(openDiffCounts(context, 'users')).toBe(note);
  expect(diffCountsOf(context, 'users')).toBe(note);
  expect(openDiffCounts(context, 'groups')).toMatchObject({ read: 0 });
});
