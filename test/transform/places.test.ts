import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE, withPlaces, type Places } from '../../src/flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../../src/flow/flow.js';
import { filter } from '../../src/transform/filter.js';
import { flatMap } from '../../src/transform/flat-map.js';
import { map } from '../../src/transform/map.js';
import { RunContext } from '../../src/flow/run-context.js';

type Chunk<T> = readonly [records: readonly T[], places?: Places];

/** A flow of just these chunks. */
function flow<T>(chunks: readonly Chunk<T>[], context = new RunContext()): Flow<T> {
  async function* open() {
    for (const [records, places] of chunks) yield withPlaces([...records], places);
  }
  return flowOf(open, context);
}

/** Chunks and places of what a stage gives. */
async function through<A, B>(stage: Operator<A, B>, chunks: readonly Chunk<A>[]) {
  const seen: { records: readonly B[]; places: Places | undefined }[] = [];
  let error: unknown;
  try {
    for await (const records of (stage(flow(chunks)) as Flow<B>).chunks())
      seen.push({ records: [...records], places: plain(records.places) });
  } catch (thrown) {
    error = thrown;
  }
  return { seen, error };
}

function plain(places: Places | undefined): Places | undefined {
  if (places === undefined) return undefined;
  const numbers = (of: ArrayLike<number> | undefined) => of && Array.from(of);
  return { ...places, lines: numbers(places.lines), positions: numbers(places.positions) };
}

const file = 'rows.csv';

describe('map', () => {
  it('counts over all chunks, by their positions where these are told', async () => {
    const indexes: [string, number][] = [];
    const stage = map((text: string, index) => {
      indexes.push([text, index]);
      return text.toUpperCase();
    });
    const { seen } = await through(stage, [
      [['a', 'b']],
      [['c'], { file, lines: [9] }],
      [['d', 'e'], { file, lines: [12, 13], positions: [20, 22] }],
    ]);
    expect(indexes).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 19],
      ['e', 21],
    ]);
    expect(seen).toEqual([
      { records: ['A', 'B'], places: undefined },
      { records: ['C'], places: { file, lines: [9], positions: undefined } },
      { records: ['D', 'E'], places: { file, lines: [12, 13], positions: [20, 22] } },
    ]);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a promise of nothing', Promise.resolve()],
  ])('hands on what came before %s, and names its place', async (_, nothing) => {
    const stage = map<number, unknown>((n) => (n === 3 ? nothing : -n));
    const { seen, error } = await through(stage, [
      [[1, 2, 3, 4], { file, lines: [2, 3, 5, 6] }],
      [[5], { file, lines: [7] }],
    ]);
    expect(seen).toEqual([{ records: [-1, -2], places: { file, lines: [2, 3], positions: undefined } }]);
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file, line: 5 });
  });

  it.each<Places | undefined>([undefined, { file, lines: undefined }])(
    'names no line where none is known: %o',
    async (places) => {
      const { error } = await through(
        map(() => undefined),
        [[[1], places as Places]],
      );
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: places?.file, line: undefined });
    },
  );

  it('gives no empty chunk before a failure, and fails with what was thrown', async () => {
    const thrown = new Error('mine');
    const { seen, error } = await through(
      map(() => {
        throw thrown;
      }),
      [[[1]]],
    );
    expect(seen).toEqual([]);
    expect(error).toBe(thrown);
  });

  it('takes for a promise what has a then, and nothing else', async () => {
    const values = [false, 0, '', 'then', { then: 1 }, () => 1];
    const { seen } = await through(
      map((value: unknown) => value),
      [[values]],
    );
    expect(seen[0]?.records).toEqual(values);
    const thenable = { then: (done: (value: string) => void) => done('done') };
    expect(
      (
        await through<number, unknown>(
          map(() => thenable as Promise<string>),
          [[[1]]],
        )
      ).seen,
    ).toEqual([{ records: ['done'], places: undefined }]);
  });
});

describe('map without a function', () => {
  it('is refused at once, by the name of the argument', () => {
    expect(() => map('x' as never)).toThrow(expect.objectContaining({ option: 'fn' }));
  });
});

describe('filter', () => {
  it('counts over all chunks, keeps the places of what it keeps, and gives no empty chunk', async () => {
    const indexes: number[] = [];
    const stage = filter((n: number, index) => {
      indexes.push(index);
      return n > 0;
    });
    const { seen } = await through(stage, [
      [[-1, 1, -2, 2], { file, lines: [2, 3, 4, 5], positions: [1, 2, 3, 4] }],
      [[-3, -4]],
      [[3, 4], { file, lines: [8, 9] }],
    ]);
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(seen).toEqual([
      { records: [1, 2], places: { file, lines: [3, 5], positions: [2, 4] } },
      { records: [3, 4], places: { file, lines: [8, 9], positions: undefined } },
    ]);
  });

  it('is refused without a predicate, and keeps the context', () => {
    expect(() => filter('x' as never)).toThrow(expect.objectContaining({ option: 'predicate' }));
    const context = new RunContext();
    expect(contextOf(filter(() => true)(flow([[[1]]], context)))).toBe(context);
  });
});

describe('flatMap', () => {
  it('gives what a record becomes the place of the record, and counts over all chunks', async () => {
    const indexes: number[] = [];
    const stage = flatMap((times: number, index) => {
      indexes.push(index);
      return Array<number>(times).fill(times);
    });
    const { seen } = await through(stage, [
      [[1, 0, 2], { file, lines: [2, 3, 5] }],
      [[0, 0], { file, lines: [6, 7] }],
      [[1], { file, lines: [8] }],
    ]);
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
    expect(seen).toEqual([
      { records: [1, 2, 2], places: { file, lines: [2, 5, 5], positions: undefined } },
      { records: [1], places: { file, lines: [8], positions: undefined } },
    ]);
  });

  it('gives very many in chunks of the common size, each with its places', async () => {
    const stage = flatMap((times: number) => Array.from({ length: times }, (_, i) => i));
    const { seen } = await through(stage, [[[1, 2 * CHUNK_SIZE, 1], { file, lines: [2, 3, 4] }]]);
    expect(seen.map(({ records }) => records.length)).toEqual([CHUNK_SIZE, CHUNK_SIZE, 2]);
    expect(seen.flatMap(({ records }) => records)).toEqual([
      0,
      ...Array.from({ length: 2 * CHUNK_SIZE }, (_, i) => i),
      0,
    ]);
    expect(seen[0]?.places?.lines).toEqual([2, ...Array<number>(CHUNK_SIZE - 1).fill(3)]);
    expect(seen[2]?.places?.lines).toEqual([3, 4]);
  });

  it('of one full chunk is one chunk', async () => {
    const stage = flatMap(() => Array<number>(CHUNK_SIZE).fill(0));
    expect((await through(stage, [[[1]]])).seen).toHaveLength(1);
  });

  it('is refused without a function, and keeps the context', () => {
    expect(() => flatMap('x' as never)).toThrow(expect.objectContaining({ option: 'fn' }));
    const context = new RunContext();
    expect(contextOf(flatMap((n: number) => [n])(flow([[[1]]], context)))).toBe(context);
  });
});
