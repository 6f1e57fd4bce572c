/** A value of a watermark column: a whole number, or a time in nanoseconds since the epoch. */
export interface Position {
  readonly kind: 'number' | 'time';
  readonly value: bigint;
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** The position that a text stands for: a whole number, a day, or a day and a time (in UTC, unless it has a zone). */
export function positionOf(text: string): Position | undefined {
  if (/^\d{1,40}$/.test(text)) return { kind: 'number', value: BigInt(text) };
  const [all, day, , time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  if (all === undefined) return undefined;
  const [, sign, hours = '00', minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const ms = Date.parse(
    `${day}T${time}:${seconds}${sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`}`,
  );
  if (Number.isNaN(ms)) return undefined;
  return { kind: 'time', value: BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) };
}

/** A time that is earlier by so many milliseconds, written like the first one; UTC if that has a zone. */
export function earlier(text: string, ms: number): string {
  const position = positionOf(text);
  if (position?.kind !== 'time') throw new RangeError('not a time');
  const [, , separator, , , , zone] = TIME.exec(text) ?? [];
  // Rounded down, so that nothing is missed.
  const iso = new Date(Number(position.value / 1_000_000n) - ms).toISOString();
  if (separator === undefined) return iso.slice(0, 10);
  const suffix = zone === undefined ? '' : zone === 'Z' ? 'Z' : '+00:00';
  return `${iso.slice(0, 10)}${separator}${iso.slice(11, 23)}${suffix}`;
}
