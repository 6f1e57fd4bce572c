import { describe, expect, it } from 'vitest';
import { TokenCache, type AccessToken } from '../../src/okta/sign-in/token-cache.js';
import type { ClientWait } from '../../src/okta/wire.js';
import { ManualClock } from '../simulator/caller.js';
import { failure } from './service-app.js';

interface Asked {
  readonly signal: AbortSignal;
  readonly tell: (wait: ClientWait) => void;
  readonly give: (value: string, renewAt?: number) => void;
  readonly fail: (error: Error) => void;
}

/** A cache whose requests for tokens are answered by hand. */
function cache() {
  const clock = new ManualClock(0);
  const asked: Asked[] = [];
  const tokens = new TokenCache(
    (signal, tell) =>
      new Promise<AccessToken>((resolve, fail) => {
        const give = (value: string, renewAt = 100) => resolve({ value, type: 'Bearer', renewAt });
        asked.push({ signal, tell, give, fail });
      }),
    clock,
  );
  return { clock, asked, tokens };
}

describe('the token cache', () => {
  it('a hundred callers share one request, and later ones its token', async () => {
    const { tokens, asked } = cache();
    const callers = Array.from({ length: 100 }, () => tokens.get(undefined));
    asked[0]!.give('a');
    expect(new Set((await Promise.all(callers)).map(({ value }) => value))).toEqual(new Set(['a']));
    expect((await tokens.get(undefined)).value).toBe('a');
    expect(asked).toHaveLength(1);
  });

  it('a caller that leaves does not end the request of another; the last one does', async () => {
    const { tokens, asked } = cache();
    const [one, two] = [new AbortController(), new AbortController()];
    const [first, second] = [failure(tokens.get(one.signal)), failure(tokens.get(two.signal))];
    one.abort();
    expect(await first).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(asked[0]!.signal.aborted).toBe(false);
    two.abort();
    expect(await second).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(asked[0]!.signal.aborted).toBe(true);
    // What was left is not joined, and what it still gives is not kept.
    const third = tokens.get(undefined);
    asked[0]!.give('late');
    await new Promise((resolve) => setImmediate(resolve));
    const fourth = tokens.get(undefined);
    asked[1]!.give('b');
    expect([(await third).value, (await fourth).value]).toEqual(['b', 'b']);
  });

  it('a failure is that of all who wait, and the next caller asks anew', async () => {
    const { tokens, asked } = cache();
    const waiting = [failure(tokens.get(undefined)), failure(tokens.get(undefined))];
    asked[0]!.fail(new Error('refused'));
    for (const one of waiting) expect((await one).message).toBe('refused');
    const next = tokens.get(undefined);
    asked[1]!.give('b');
    expect((await next).value).toBe('b');
  });

  it('a token that was refused is forgotten, but not the one that replaced it', async () => {
    const { tokens, asked } = cache();
    const first = tokens.get(undefined);
    asked[0]!.give('a');
    await first;
    tokens.drop('a');
    const second = tokens.get(undefined);
    asked[1]!.give('b');
    await second;
    tokens.drop('a');
    expect((await tokens.get(undefined)).value).toBe('b');
    expect(asked).toHaveLength(2);
  });

  it('everybody who waits is told of waits, and nobody who left', async () => {
    const { tokens, asked } = cache();
    const told: string[] = [];
    const leaving = new AbortController();
    const left = failure(tokens.get(leaving.signal, () => told.push('left')));
    const first = tokens.get(undefined, () => told.push('first'));
    const second = tokens.get(undefined, () => told.push('second'));
    leaving.abort();
    await left;
    asked[0]!.tell({ reason: 'back-off', until: 1, operation: 'token' });
    expect(told).toEqual(['first', 'second']);
    asked[0]!.give('a');
    await Promise.all([first, second]);
  });

  it('an aborted caller asks for nothing', async () => {
    const { tokens, asked } = cache();
    expect(await failure(tokens.get(AbortSignal.abort()))).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(asked).toHaveLength(0);
  });
});
