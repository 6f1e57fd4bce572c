import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE, withoutPlaces, withPlaces, type Places } from '../../src/flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../../src/flow/flow.js';
import type { UserRecord } from '../../src/core/model.js';
import { map } from '../../src/transform/map.js';
import { fieldRules } from '../../src/validate/record-check.js';
import { validate } from '../../src/validate/validate.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';
import { withMapping, type MappingOf } from '../../src/core/declared-mapping.js';
import { screenedOf, type OpenScreened, type ScreenRequest } from '../../src/screening/screening.js';
import { RunContext } from '../../src/flow/run-context.js';

const user = (id: string): UserRecord => ({
  externalId: id,
  profile: { userName: id, email: `${id}@x.example` },
});
const users = (...ids: readonly string[]) => ids.map(user);

/** What `diff` asks its source for. */
const request: ScreenRequest = {
  entity: 'users',
  onUnchanged: [],
  open: () => undefined,
};
const mapping: MappingOf = () => ({ kind: 'membership', group: 'g', member: 'm' });

interface Screened<T> {
  readonly flow: Flow<T>;
  /** What the source was asked for. */
  readonly requests: ScreenRequest[];
}

/** A source whose rows can be screened: what its screen lets through differs from what it holds. */
function source<T>(
  all: readonly T[],
  screened: readonly T[] | undefined,
  context = new RunContext(),
): Screened<T> {
  const requests: ScreenRequest[] = [];
  async function* open(records: readonly T[]) {
    yield withoutPlaces([...records]);
  }
  const openScreened: OpenScreened<T> = (asked) => {
    requests.push(asked);
    return screened && open(screened);
  };
  return { flow: flowOf(() => open(all), context, openScreened), requests };
}

async function all<T>(chunks: AsyncIterable<readonly T[]> | undefined): Promise<T[] | undefined> {
  if (chunks === undefined) return undefined;
  const records: T[] = [];
  for await (const chunk of chunks) records.push(...chunk);
  return records;
}

/** What a stage answers when it is asked to be opened with a screen. */
async function asked<A, B>(stage: Operator<A, B>, from: Screened<A>, of: Partial<ScreenRequest> = {}) {
  const open = screenedOf(stage(from.flow) as Flow<B>);
  return all(open?.({ ...request, ...of }));
}

describe('map, asked for what a screen lets through', () => {
  const double = (n: number) => n * 2;
  const declared = () => withMapping((n: number) => n * 2, mapping);

  it('asks its source with the mapping of its function, and maps what comes', async () => {
    const from = source([1, 2, 3], [2]);
    expect(await asked(map(declared()), from)).toEqual([4]);
    expect(from.requests).toEqual([{ ...request, mapping }]);
    expect(await all((map(declared())(from.flow) as Flow<number>).chunks())).toEqual([2, 4, 6]);
  });

  it('cannot where its function declares no mapping', async () => {
    const from = source([1, 2, 3], [2]);
    expect(await asked(map(double), from)).toBeUndefined();
    expect(from.requests).toEqual([]);
  });

  it('cannot where another map follows', async () => {
    const from = source([1, 2, 3], [2]);
    expect(await asked(map(declared()), from, { mapping })).toBeUndefined();
    expect(from.requests).toEqual([]);
  });

  it('cannot where its source is asked and cannot', async () => {
    expect(await asked(map(declared()), source([1], undefined))).toBeUndefined();
  });

  it('keeps the context of its source', () => {
    const context = new RunContext();
    expect(contextOf(map(double)(source([1], [1], context).flow))).toBe(context);
  });
});

describe('validate, asked for what a screen lets through', () => {
  const bad = { externalId: 'bad', profile: {} } as UserRecord;
  const stage = (options?: ValidateOptions) => validate('users', options);

  it('asks its source with its rules, checks what comes, and counts what was left out', async () => {
    const context = new RunContext();
    const from = source([...users('a', 'b', 'c'), bad], [user('b'), bad], context);
    const heard: number[] = [];
    const attributes = { grade: { min: 0, max: 1, nullable: true } };
    const onUnchanged = [(rows: number) => heard.push(rows)];
    const told: string[] = [];
    const options: ValidateOptions = { attributes, onReject: ({ code }) => told.push(code) };
    expect(await asked(stage(options), from, { onUnchanged })).toEqual([user('b')]);
    const [got] = from.requests;
    expect({ ...got, onUnchanged: [] }).toEqual({
      ...request,
      rules: fieldRules('users', options),
      validation: JSON.stringify({ attributes }),
    });
    expect(context.counts('users')).toEqual({
      read: 2,
      accepted: 1,
      rejected: 1,
      unidentified: 0,
      leftOut: 0,
    });
    expect(told).toEqual(['EMPTY_PROFILE']);
    for (const listen of got?.onUnchanged ?? []) listen(5);
    expect(heard).toEqual([5]);
    expect(context.counts('users')).toEqual({
      read: 7,
      accepted: 6,
      rejected: 1,
      unidentified: 0,
      leftOut: 0,
    });
  });

  it.each<[string, ValidateOptions, Partial<ScreenRequest>]>([
    ['another entity is asked for', {}, { entity: 'groups' }],
    ['it reads a delta feed', { mode: 'delta' }, {}],
    ['another validate follows', {}, { rules: fieldRules('users', {}) }],
    ['what it checked is mapped', {}, { mapping }],
  ])('cannot where %s', async (_, options, of) => {
    const from = source(users('a', 'b'), users('b'));
    expect(await asked(stage(options), from, of)).toBeUndefined();
    expect(from.requests).toEqual([]);
  });

  it('cannot where its source cannot', async () => {
    expect(await asked(stage(), source(users('a'), undefined))).toBeUndefined();
    const flow = flowOf(() => source(users('a'), undefined).flow.chunks(), new RunContext());
    expect(await asked(stage(), { flow, requests: [] })).toBeUndefined();
  });
});

describe('validate', () => {
  type Chunk = readonly [records: readonly UserRecord[], places?: Places];
  const bad = (id: string) => ({ externalId: id, profile: {} }) as UserRecord;

  async function through(chunks: readonly Chunk[]) {
    const context = new RunContext();
    async function* open() {
      for (const [records, places] of chunks) yield withPlaces([...records], places);
    }
    const seen: unknown[] = [];
    const flow = validate('users')(flowOf(open, context)) as Flow<UserRecord>;
    for await (const chunk of flow.chunks()) {
      const places = chunk.places;
      seen.push([
        chunk.map(({ externalId }) => externalId),
        places && { ...places, positions: places.positions && Array.from(places.positions) },
      ]);
    }
    return { seen, context };
  }

  it('says where records stand once one was rejected, and lets the next stage count before', async () => {
    const { seen, context } = await through([
      [users('a', 'b')],
      [[bad('x'), user('c'), bad('y'), user('d')]],
      [[bad('z')]],
      [users('e', 'f')],
    ]);
    const places = (...positions: number[]) => ({ file: undefined, lines: undefined, positions });
    expect(seen).toMatchObject([
      [['a', 'b'], undefined],
      [['c', 'd'], places(4, 6)],
      [['e', 'f'], places(8, 9)],
    ]);
    expect(context.rejections.map(({ externalId, position }) => [externalId, position])).toEqual([
      ['x', 3],
      ['y', 5],
      ['z', 7],
    ]);
    expect(context.counts('users')).toEqual({
      read: 9,
      accepted: 6,
      rejected: 3,
      unidentified: 0,
      leftOut: 0,
    });
  });

  it('keeps the places it was given, of what it accepts', async () => {
    const file = 'people.csv';
    const { seen, context } = await through([
      [users('a', 'b'), { file, lines: [2, 3] }],
      [[user('c'), bad('x'), user('d')], { file, lines: [4, 6, 7], positions: [11, 13, 14] }],
    ]);
    expect(seen).toMatchObject([
      [['a', 'b'], { file, lines: [2, 3], positions: undefined }],
      [['c', 'd'], { file, lines: Uint32Array.of(4, 7), positions: [11, 14] }],
    ]);
    expect(context.rejections).toEqual([
      {
        entity: 'users',
        externalId: 'x',
        file,
        line: 6,
        position: 13,
        field: 'profile',
        code: 'EMPTY_PROFILE',
        reason: 'has no attributes',
      },
    ]);
    expect(context.drainRejectedKeys('users')).toEqual([{ key: 'x', position: 13 }]);
  });

  it('names no line where none is known', async () => {
    const { context } = await through([[[bad('x')], { file: 'p.csv', lines: undefined }]]);
    expect(context.rejections).toMatchObject([{ file: 'p.csv', line: undefined, position: 1 }]);
  });

  it('gives no chunk of which nothing is accepted', async () => {
    const { seen } = await through([[Array.from({ length: CHUNK_SIZE }, (_, i) => bad(`u${i}`))]]);
    expect(seen).toEqual([]);
  });

  it.each([
    ['entity', () => validate('people' as 'users')],
    ['mod', () => validate('users', { mod: 'full' } as ValidateOptions)],
    ['mode', () => validate('users', { mode: 'half' as 'full' })],
    ['onReject', () => validate('users', { onReject: 'x' as never })],
    [
      'unsupportedCharacters.replaceWith',
      () => validate('users', { unsupportedCharacters: { replaceWith: '🦜' } }),
    ],
  ])('refuses a bad %s at once', (option, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', option }));
  });

  it('takes every option that it knows, for every entity', () => {
    const options: ValidateOptions = {
      required: [],
      coerce: false,
      unsupportedCharacters: 'reject',
      attributes: {},
      mode: 'full',
      onReject: () => undefined,
    };
    for (const entity of ['users', 'groups', 'memberships'] as const)
      expect(() => validate(entity, options)).not.toThrow();
    expect(() => validate('users', { mode: 'delta' })).not.toThrow();
  });
});
