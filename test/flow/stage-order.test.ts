import { describe, expect, it } from 'vitest';
import {
  batch,
  diff,
  filter,
  fromCsv,
  guard,
  map,
  pipe,
  toUser,
  unguarded,
  upload,
  validate,
  type Flow,
  type OktaClient,
  type Valid,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { OptionsError } from '../../src/core/errors.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg } from '../support/world.js';

const state = memoryState();
const okta: OktaClient = clientOf(makeOrg());
const users = [{ externalId: '1', profile: {} }];

/** `pipe` as JavaScript calls it. */
const pipeOf = (...stages: readonly unknown[]): unknown =>
  (pipe as (source: unknown, ...stages: unknown[]) => unknown)(users, ...stages);

describe('a program without types', () => {
  it.each<readonly [what: string, stages: readonly unknown[], sentence: string]>([
    [
      'diff before validate',
      [diff('users', state), validate('users')],
      'stage 2: validate() must come before diff()',
    ],
    [
      'batch before guard',
      [validate('users'), diff('users', state), batch(), guard(state)],
      'stage 3: guard() or unguarded() is missing before batch()',
    ],
    [
      'no guard, with a stage between',
      [diff('users', state), map((row: unknown) => row), batch(), guard(state)],
      'stage 3: guard() or unguarded() is missing before batch()',
    ],
    [
      "guard after batch, with a stage of one's own between",
      [diff('users', state), (flow: unknown) => flow, batch(), guard(state)],
      'stage 4: guard() or unguarded() must come before batch()',
    ],
    [
      'no batch',
      [validate('users'), diff('users', state), guard(state), upload(okta, state)],
      'stage 4: batch() is missing before upload()',
    ],
    [
      'no guard',
      [validate('users'), diff('users', state), batch(), upload(okta, state)],
      'stage 3: guard() or unguarded() is missing before batch()',
    ],
    ['no diff', [validate('users'), unguarded()], 'stage 2: diff() is missing before guard() or unguarded()'],
  ])('is told what is wrong: %s', (_, stages, sentence) => {
    expect(() => pipeOf(...stages)).toThrow(
      expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', message: sentence }),
    );
  });

  it('may have stages of its own between, which may contain others', () => {
    const own = (source: Flow<Valid<'users'>>) => pipe(source, diff('users', state), guard(state));
    expect(() => pipeOf(validate('users'), own, batch())).not.toThrow();
    expect(() =>
      pipeOf(validate('users'), validate('users'), diff('users', state), guard(state), guard(state)),
    ).not.toThrow();
  });
});

const STAGES = ['validate', 'diff', 'guard', 'batch', 'upload'] as const;
type Name = (typeof STAGES)[number];

/** Every order of every choice of stages, the empty one left out. */
function arrangements(names: readonly Name[]): Name[][] {
  return names.flatMap((name) => {
    const others = arrangements(names.filter((other) => other !== name));
    return [[name], ...others.map((rest) => [name, ...rest])];
  });
}

const isPart = (stages: readonly Name[], first: number) =>
  stages.every((name, i) => name === STAGES[first + i]);

/** Runs a pipe to its end, as JavaScript would. */
function run(source: unknown, stages: readonly Name[], between: readonly unknown[] = []): Promise<unknown> {
  return inVirtualTime(async () => {
    const org = makeOrg();
    const store = memoryState();
    const made: Record<Name, () => unknown> = {
      validate: () => validate('users'),
      diff: () => diff('users', store),
      guard: () => guard(store),
      batch: () => batch(),
      upload: () => upload(clientOf(org), store),
    };
    const built = stages.flatMap((name) => [...between, made[name]()]);
    const end = (pipe as (source: unknown, ...stages: unknown[]) => unknown)(source, ...built);
    if (end instanceof Promise) {
      await end;
      return held(org).users;
    }
    for await (const _ of end as AsyncIterable<unknown>);
    return undefined;
  });
}

const CSV = 'externalId,userName,email\n1,a@x.example,a@x.example\n';
const PROFILE = { userName: 'a@x.example', email: 'a@x.example' };
const rowsOfFile = () => pipe(fromCsv([Buffer.from(CSV)]));
/** Stages of a program's own, of which it cannot be known what they contain. */
const own = async function* (source: AsyncIterable<unknown>) {
  yield* source;
};

describe('every order of every choice of stages', () => {
  const all = arrangements(STAGES);

  it('is 325', () => expect(all).toHaveLength(325));

  it.each(all.map((stages) => [stages.join(' '), stages] as const))(
    'over a file ends with a sentence unless it is right: %s',
    async (_, stages) => {
      const between = [map((row: unknown) => row), filter(() => true)];
      const source = map(toUser)(rowsOfFile());
      const direct = await run(fromCsv([Buffer.from(CSV)]), stages, []).catch((error: unknown) => error);
      const spread = await run(fromCsv([Buffer.from(CSV)]), stages, between).catch((error: unknown) => error);
      const unseen = await run(source, stages, [own]).catch((error: unknown) => error);
      for (const end of [direct, spread, unseen]) {
        if (!(end instanceof Error)) continue;
        expect(end).toBeInstanceOf(OptionsError);
        expect(end.message).toMatch(/must come before|is missing before|a sink must be the last stage/);
      }
      const isRight = isPart(stages, 0);
      expect([direct instanceof Error, spread instanceof Error]).toEqual([!isRight, !isRight]);
      // Stages of one's own may contain a validate or a guard, which leave no trace in what they pass on.
      if (isRight) expect(unseen).not.toBeInstanceOf(Error);
      if (isRight && stages.length === STAGES.length) expect(unseen).toEqual({ 1: PROFILE });
      const order = STAGES.filter((name) => name !== 'guard' || stages.includes('guard'));
      const start = stages[0] === 'validate' ? 0 : 1;
      const mayBe = stages.every((name, i) => name === order[start + i]);
      if (stages.length > 1 && !mayBe && stages[1] !== 'validate') expect(unseen).toBeInstanceOf(Error);
    },
  );
});
