import { describe, expect, it } from 'vitest';
import { ServerTime } from '../../src/okta/rate-limit/server-time.js';

const answer = (date: string | undefined) => ({ status: 200, headers: { date }, body: '' });

describe('the time of the server', () => {
  it('is ours until it has answered, and its own from then on', () => {
    let now = Date.UTC(2026, 0, 1);
    const time = new ServerTime({ now: () => now, sleep: async () => undefined });
    expect([time.now(), time.skewMs]).toEqual([now, 0]);
    time.learn(answer(new Date(now + 90_000).toUTCString()));
    expect([time.now(), time.skewMs]).toEqual([now + 90_000, 90_000]);
    now += 5_000;
    expect(time.now()).toBe(now + 90_000);
    time.learn(answer(new Date(now - 30_000).toUTCString()));
    expect(time.skewMs).toBe(-30_000);
  });

  it('is not unlearnt by an answer without a date', () => {
    const now = Date.UTC(2026, 0, 1);
    const time = new ServerTime({ now: () => now, sleep: async () => undefined });
    time.learn(answer(new Date(now + 90_000).toUTCString()));
    for (const date of [undefined, '', 'soon']) time.learn(answer(date));
    expect(time.skewMs).toBe(90_000);
  });
});
