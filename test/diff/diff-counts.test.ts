import { expect, it } from 'vitest';
import { diffNote, diffNoteOf } from '../../src/diff/diff-counts.js';
import { RunContext } from '../../src/flow/run-context.js';

it('a note of a diff begins with nothing, is made once, and is of one entity', () => {
  const context = new RunContext();
  expect(diffNoteOf(context, 'users')).toBeUndefined();
  const note = diffNote(context, 'users');
  expect(note).toEqual({
    read: 0,
    unchanged: 0,
    creates: 0,
    updates: 0,
    deletes: 0,
    heldBack: 0,
    spared: 0,
    excluded: 0,
    superseded: 0,
  });
  note.read = 5;
  expect(diffNote(context, 'users')).toBe(note);
  expect(diffNoteOf(context, 'users')).toBe(note);
  expect(diffNote(context, 'groups')).toMatchObject({ read: 0 });
});
