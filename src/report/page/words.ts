import type { SessionSummary } from '../summary.js';

/** The end of a session. That its import was completed does not mean that its people are active. */
export const OUTCOMES: Readonly<Record<SessionSummary['outcome'], string>> = {
  open: 'left to the next run',
  completed: 'import completed',
  cancelled: 'cancelled',
  failed: 'failed',
};

/** A number with thousands separators, and at most one decimal. */
export function count(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** `1 session`, `2 sessions`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : noun.endsWith('h') ? 'es' : 's'}`;
}

/** A number of bytes as text, in decimal units (kB = 1,000 bytes). */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${count(n / 1e3)} kB`;
  return n < 1e9 ? `${count(n / 1e6)} MB` : `${count(n / 1e9)} GB`;
}

/** A duration as text, in its two largest units. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return ms % 1000 === 0 ? `${seconds} s` : `${(ms / 1000).toFixed(1)} s`;
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([n]) => n > 0);
  return units
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}

/**
 * Date and time in UTC, to the second, and beside it the local time.
 *
 * @param timeZone - an IANA name; without it, or if its time is that of UTC, there is no local time
 */
export function dateTime(iso: string, timeZone?: string): string {
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  const local = timeZone === undefined ? undefined : localTime(iso, timeZone);
  return local === undefined || local === utc ? `${utc} UTC` : `${utc} UTC (${local} ${timeZone})`;
}

/** Undefined for a zone that this Node does not know. */
function localTime(iso: string, timeZone: string): string | undefined {
  try {
    // Swedish dates are written like ISO 8601.
    return new Date(iso).toLocaleString('sv-SE', { timeZone });
  } catch {
    return undefined;
  }
}

/** Text cut to a length that fits the report; the files contain the whole text. */
export function shortened(text: string, longest = 120): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
