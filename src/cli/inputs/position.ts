/** A value of a watermark column: a whole number, or a time in nanoseconds since the epoch. */
export interface Position {
  readonly kind: 'number' | 'time';
  readonly value: bigint;
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** A time as LDAP writes it (RFC 4517, GeneralizedTime): `20260105083000Z`, or `20260105083000.0Z` in Active Directory. */
const LDAP_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{4})$/;

/** The position that a text stands for: a whole number, a day, or a day and a time (in UTC, unless it has a zone). */
export function positionOf(given: string): Position | undefined {
  if (/^\d{1,40}$/.test(given)) return { kind: 'number', value: BigInt(given) };
  const text = given.replace(LDAP_TIME, (_, year, month, day, hour, minute, second, fraction = '0', zone) =>
    [`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}`, zone].join(''),
  );
  const [all, day, , time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  if (all === undefined) return undefined;
  const [, sign, hours = '00', minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const ms = Date.parse(
    `${day}T${time}:${seconds}${sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`}`,
  );
  if (Number.isNaN(ms)) return undefined;
  return { kind: 'time', value: BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) };
}

/** A time as LDAP filters write it, in UTC and whole seconds: those that have passed, so that nothing is missed. */
export function ldapTimeOf({ value }: Position): string {
  const iso = new Date(Number(value / 1_000_000_000n) * 1000).toISOString();
  return `${iso.slice(0, 19).replace(/\D/g, '')}.0Z`;
}

/** A time that is earlier by so many milliseconds, written like the first one; UTC if that has a zone, or is a time of LDAP. */
export function earlier(text: string, ms: number): string {
  const position = positionOf(text);
  if (position?.kind !== 'time') throw new RangeError('not a time');
  const [, , separator, , , , zone] = LDAP_TIME.test(text) ? [, , 'T', , , , 'Z'] : (TIME.exec(text) ?? []);
  // Rounded down, so that nothing is missed.
  const iso = new Date(Number(position.value / 1_000_000n) - ms).toISOString();
  if (separator === undefined) return iso.slice(0, 10);
  const suffix = zone === undefined ? '' : zone === 'Z' ? 'Z' : '+00:00';
  return `${iso.slice(0, 10)}${separator}${iso.slice(11, 23)}${suffix}`;
}
