import { describe, expect, it } from 'vitest';
import {
  batch,
  diff,
  guard,
  map,
  pipe,
  unguarded,
  upload,
  validate,
  type Flow,
  type OktaClient,
  type Valid,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';

const state = memoryState();
const okta = {} as OktaClient;
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
      'guard after batch, with a stage between',
      [diff('users', state), map((row: unknown) => row), batch(), guard(state)],
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
