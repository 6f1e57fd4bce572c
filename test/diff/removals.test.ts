import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/core/model.js';
import { AbsenceRules, type AbsenceOptions } from '../../src/diff/absence-rules.js';
import { openDiffCounts } from '../../src/diff/diff-counts.js';
import { removals } from '../../src/diff/removals.js';
import { RunContext } from '../../src/flow/run-context.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { Reference, type StateStore } from '../../src/state/store.js';
import { confirmed } from '../support/rows.js';

const row = (key: string) => confirmed('users', key);

/** What a read that saw nobody removes. */
async function removed(state: StateStore, options: AbsenceOptions, seen: readonly string[] = []) {
  const context = new RunContext();
  const note = openDiffCounts(context, 'users');
  const reading = await state.read();
  await reading.keep('users', seen);
  const chunks: (readonly Change[])[] = [];
  const rules = new AbsenceRules('users', options);
  for await (const chunk of removals('users', reading, state, rules, 0, context, note)) chunks.push(chunk);
  const complete = reading.isComplete('users');
  const references = async (keys: readonly string[]) => [...(await reading.refer('users', keys))];
  const missed = context.absences.get('users') as ReadonlyMap<string, number>;
  return {
    chunks,
    keys: chunks
      .flat()
      .map(({ key }) => key)
      .sort(),
    note,
    missed,
    complete,
    references,
    reading,
  };
}

async function holding(...keys: string[]): Promise<StateStore> {
  const state = memoryState();
  await state.adopt(keys.map(row));
  return state;
}

describe('what a complete read did not hold', () => {
  it('is deleted, where nothing else is said', async () => {
    const outcome = await removed(await holding('a', 'b', 'c'), {}, ['b']);
    expect(outcome).toMatchObject({ keys: ['a', 'c'], complete: true, note: { deletes: 2, spared: 0 } });
    expect(outcome.missed).toEqual(new Map());
    expect(outcome.chunks.flat()[0]).toMatchObject({
      entity: 'users',
      kind: 'delete',
      fingerprint: undefined,
    });
  });

  it('is spared until it was missing often enough, and is counted until then', async () => {
    const state = await holding('new', 'old', 'due');
    await state.setAbsences(
      'users',
      new Map([
        ['old', 1],
        ['due', 2],
        ['back', 2],
      ]),
    );
    const { keys, note, missed, complete, references } = await removed(state, { reads: 3 });
    expect(keys).toEqual(['due']);
    expect(note).toMatchObject({ deletes: 1, spared: 2 });
    expect(missed).toEqual(
      new Map([
        ['new', 1],
        ['old', 2],
        ['due', 3],
      ]),
    );
    expect(complete).toBe(true);
    // What is spared may still be named; what is deleted may not.
    const { HELD, ABSENT } = Reference;
    expect(await references(['new', 'old', 'due'])).toEqual([HELD, HELD, ABSENT]);
  });

  it('is not counted where it is protected or out of scope', async () => {
    const state = await holding('kept', 'out', 'gone');
    const options = { reads: 2, protect: { ids: ['kept'] }, exclude: (id: string) => id === 'out' };
    const { keys, chunks, note, missed } = await removed(state, options);
    expect([keys, chunks]).toEqual([[], []]);
    expect(note).toMatchObject({ deletes: 0, spared: 3 });
    expect(missed).toEqual(new Map([['gone', 1]]));
  });

  it('is not counted where one read is enough', async () => {
    const { keys, missed } = await removed(await holding('kept', 'gone'), { protect: { ids: ['kept'] } });
    expect(keys).toEqual(['gone']);
    expect(missed).toEqual(new Map());
  });

  it('comes in chunks, however much it is', async () => {
    const state = await holding(...Array.from({ length: 9000 }, (_, i) => `u${i}`));
    const { chunks, note } = await removed(state, { protect: { ids: ['nobody'] } });
    expect(chunks.map((chunk) => chunk.length)).toEqual([4096, 4096, 808]);
    expect(note.deletes).toBe(9000);
  });
});
