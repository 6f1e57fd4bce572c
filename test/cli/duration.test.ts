import { describe, expect, it } from 'vitest';
import { formatCountdown, formatDuration, parseDuration } from '../../src/cli/text/duration.js';

describe('time spans', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['5', '', 'm', '-5m', '5 m', '5M', '1h30m', '5d', '.5s', '1e3s', `${'9'.repeat(400)}h`])(
    '%j is none',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  it.each([
    [850, '850 ms'],
    [12_400, '12 s'],
    [59_600, '1 min'],
    [250_000, '4 min 10 s'],
    [7_500_000, '2 h 5 min'],
    [-5, '0 ms'],
  ])('%d ms read as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, '0:00'],
    [1, '0:01'],
    [250_000, '4:10'],
    [3_723_000, '1:02:03'],
    [-1, '0:00'],
  ])('%d ms count down as %s', (ms, text) => expect(formatCountdown(ms)).toBe(text));
});
