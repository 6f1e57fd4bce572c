import type { MappingNode, MappingText } from './mapping-text.js';

/** A day as a number that can be compared: milliseconds since 1970 at its beginning in UTC. */
export type Day = number;

const DAY_MS = 86_400_000;
const ISO = 'YYYY-MM-DD';
const PARTS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  DD: '(?<day>\\d{2})',
  M: '(?<month>\\d{1,2})',
  D: '(?<day>\\d{1,2})',
};

/** The day of a time, in UTC. */
export function dayOf(time: number): Day {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

/** Reads the days of a column. The function returns undefined for a text that is not a day in this form. */
export type ReadDay = (text: string) => Day | undefined;

/**
 * Parses the form of a date, such as `DD.MM.YYYY`; a time of day after it is ignored.
 * @returns undefined if a year, a month or a day is missing, or there twice
 */
export function readForm(form: string): ReadDay | undefined {
  const source = form.replace(/YYYY|MM|DD|M|D|[.*+?^${}()|[\]\\]/g, (part) => PARTS[part] ?? `\\${part}`);
  const names = [...source.matchAll(/<(\w+)>/g)].map(([, name]) => name);
  if (names.length !== 3 || new Set(names).size !== 3) return undefined;
  const pattern = new RegExp(`^${source}(?:[T ].*)?$`);
  return (text) => {
    const { year, month, day } = pattern.exec(text.trim())?.groups ?? {};
    if (year === undefined) return undefined;
    const time = Date.UTC(Number(year), Number(month) - 1, Number(day));
    // `Date.UTC` takes the 31st of June for the 1st of July.
    return new Date(time).getUTCDate() === Number(day) && new Date(time).getUTCMonth() === Number(month) - 1
      ? time
      : undefined;
  };
}

/** Reads a day of the mapping: `2026-12-31`, `today`, `today+14` or `today-30`. */
export function readDay(text: MappingText, node: MappingNode, what: string): Day {
  const word = text.word(node, what);
  const relative = /^today(?:([+-])(\d{1,5}))?$/.exec(word);
  if (relative !== null)
    return text.today + (relative[1] === '-' ? -1 : 1) * Number(relative[2] ?? 0) * DAY_MS;
  return isoDay(word) ?? text.fail(node, `${what}: expected a date such as 2026-12-31, today or today+14`);
}

/** A day in ISO form; undefined for another text. */
export function isoDay(text: string): Day | undefined {
  return (readForm(ISO) as ReadDay)(text);
}

/** The form of the dates of a column: that of the key `date`, or ISO. */
export function readDateForm(text: MappingText, node: MappingNode | undefined, what: string): ReadDay {
  const form = node === undefined ? ISO : text.word(node, what);
  return (
    readForm(form) ??
    text.fail(node as MappingNode, `${what}: expected a form with YYYY, MM and DD, such as DD.MM.YYYY`)
  );
}
