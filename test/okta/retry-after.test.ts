import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/okta/rate-limit/retry-after.js';

const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
const answer = (headers: Record<string, string>) => ({ status: 429, headers, body: '' });

describe('the time that an answer asks to wait', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['none', { 'retry-after': '0' }, 0],
    ['seconds with spaces', { 'retry-after': ' 7 ' }, 7000],
    ['a date, against that of the answer', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT', date }, 9000],
    ['a date that is over', { 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT', date }, 0],
    ['at most five minutes', { 'retry-after': '999999999' }, 300_000],
    [
      'at most five minutes, by a date too',
      { 'retry-after': 'Fri, 02 Jan 2026 00:00:00 GMT', date },
      300_000,
    ],
    ['nothing that can be read', { 'retry-after': 'soon', date }, undefined],
    ['a date without one to measure it by', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, undefined],
    ['nothing in it', { 'retry-after': '' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_, headers, ms) => {
    expect(retryAfterMs(answer(headers))).toBe(ms);
  });

  it('is not known without an answer', () => {
    expect(retryAfterMs(undefined)).toBeUndefined();
  });
});
