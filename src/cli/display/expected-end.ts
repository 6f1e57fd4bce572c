import { formatTime } from '../text/words.js';

/** The time at which a run is expected to end. */
export interface ExpectedEnd {
  readonly earliest: number;
  readonly latest: number;
}

/** The expected end as text; undefined if it has passed, and so is known to be wrong. */
export function endText({ earliest, latest }: ExpectedEnd, now: number): string | undefined {
  if (latest <= now) return undefined;
  const [from, to] = [minuteOf(earliest), minuteOf(latest)];
  if (from === to) return `about ${to} UTC`;
  if (earliest <= now) return `before ${to} UTC`;
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  return `between ${from} and ${sameDay ? to.slice(11) : to} UTC`;
}

/** Date and time in UTC, to the minute after it. */
function minuteOf(time: number): string {
  return formatTime(Math.ceil(time / 60_000) * 60_000).slice(0, 16);
}
