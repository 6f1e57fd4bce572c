import { evaluate, type Environment } from '@marcbachmann/cel-js';
import { quoted } from '../../core/visible.js';
import { inAscii } from './ascii.js';
import { Fault } from './cells.js';
import { readForm, type Day } from './dates.js';
import type { Lookups } from './lookups.js';
import { patternOf } from './patterns.js';
import { hasBits, timeOfFileTime } from './windows-values.js';

/** An expression cannot be computed for a row. */
export class CelFault extends Error {
  constructor(readonly fault: Pick<Fault, 'code' | 'reason'>) {
    super(fault.reason);
  }
}

/** Types of parameters and results. `dyn` is any value: each function takes its text. */
export type CelType = 'dyn' | 'string' | 'int' | 'bool' | 'list' | 'list<string>' | typeof TIME;

/** A function of expressions. */
export interface CelFunction {
  readonly name: string;
  readonly takes: readonly CelType[];
  readonly gives: CelType | 'google.protobuf.Duration';
  /** True if it is called on its first parameter: `text.matches(pattern)`. */
  readonly isMethod?: boolean;
  readonly of: (...args: never[]) => unknown;
}

export const TIME = 'google.protobuf.Timestamp';
/** The name of rollcall's `matches`. CEL's own has no bound on its time, and cannot be replaced, so calls of it are renamed. */
export const MATCHES = 'matchesInLinearTime';
/** The name of the function that reads another input. */
export const LOOKUP = 'lookup';
const MOST_PADDED = 1024;
/** The most forms of dates and durations that are kept. They can come from columns, so there may be many. */
const MOST_CACHED = 1000;

/**
 * The functions that are added to CEL's own.
 *
 * @param today - the day that the mapping calls today
 * @param lookups - the inputs for `lookup`
 */
export function celFunctions(today: Day, lookups: Lookups): readonly CelFunction[] {
  const ofText = (
    name: string,
    takes: readonly CelType[],
    of: (text: string, ...args: never[]) => string,
  ) => ({
    name,
    takes: ['dyn', ...takes] as const,
    gives: 'string' as const,
    of: (value: unknown, ...args: never[]) => of(textIn(value, name), ...args),
  });
  return [
    ofText('lower', [], (text) => text.toLowerCase()),
    ofText('upper', [], (text) => text.toUpperCase()),
    ofText('trim', [], (text) => text.trim()),
    ofText('ascii', [], ascii),
    ofText('pad', ['int'], (text, width) => pad(text, width, '0')),
    ofText('pad', ['int', 'string'], pad),
    ofText('replace', ['string', 'string'], (text, from: string, to: string) =>
      from === '' ? text : text.replaceAll(from, () => to),
    ),
    ofText('extract', ['string'], extract),
    { name: MATCHES, isMethod: true, takes: ['dyn', 'string'], gives: 'bool', of: matches },
    { name: 'split', takes: ['dyn', 'string'], gives: 'list<string>', of: split },
    { name: 'join', takes: ['list', 'string'], gives: 'string', of: join },
    { name: 'first', takes: ['list'], gives: 'string', of: first },
    { name: 'firstNonEmpty', takes: ['list'], gives: 'string', of: firstNonEmpty },
    { name: 'date', takes: ['dyn'], gives: TIME, of: (value: unknown) => date(value, 'YYYY-MM-DD') },
    { name: 'date', takes: ['dyn', 'string'], gives: TIME, of: date },
    { name: 'today', takes: [], gives: TIME, of: () => new Date(today) },
    { name: LOOKUP, takes: ['string', 'dyn', 'string'], gives: 'string', of: lookUpIn(lookups) },
    { name: LOOKUP, takes: ['string', 'dyn', 'string', 'dyn'], gives: 'string', of: lookUpIn(lookups) },
    { name: 'hasFlag', takes: ['dyn', 'int'], gives: 'bool', of: hasFlag },
    { name: 'fileTime', takes: ['dyn'], gives: TIME, of: fileTime },
    { name: 'days', takes: ['int'], gives: 'google.protobuf.Duration', of: days },
  ];
}

/** Adds functions to those of CEL. */
export function addFunctions(cel: Environment, functions: readonly CelFunction[]): void {
  for (const { name, takes, gives, isMethod, of } of functions) {
    const [on, ...others] = takes;
    const call = isMethod === true ? `${on}.${name}(${others.join(', ')})` : `${name}(${takes.join(', ')})`;
    // Otherwise CEL would look for a promise in every value.
    cel.registerFunction(`${call}: ${gives}`, of, { async: false });
  }
}

/** The text of a value, as for every column: of texts, whole numbers and booleans; `''` for null. Undefined for anything else. */
export function textOfValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

function textIn(value: unknown, name: string): string {
  const text = textOfValue(value);
  if (text === undefined)
    throw new CelFault({ code: 'NOT_TEXT', reason: `has neither text nor a whole number for ${name}()` });
  return text;
}

function ascii(text: string): string {
  const written = inAscii(text);
  // Without the letter, two people could get the same login.
  if (written === undefined)
    throw new CelFault({ code: 'NOT_ASCII', reason: 'has a letter that ascii() cannot write' });
  return written;
}

function pad(text: string, width: bigint, fill: string): string {
  if (width < 0n || width > BigInt(MOST_PADDED))
    throw new CelFault({ code: 'CEL', reason: `is padded to more than ${MOST_PADDED} characters` });
  return text.padStart(Number(width), fill);
}

function patternFor(source: string, name: string) {
  const pattern = patternOf(source);
  if (pattern === undefined)
    throw new CelFault({
      code: 'CEL',
      reason: `has a pattern for ${name}() that is not a regular expression`,
    });
  return pattern;
}

function extract(text: string, pattern: string): string {
  return patternFor(pattern, 'extract').extract(text);
}

function matches(value: unknown, pattern: string): boolean {
  // As in CEL, a text only: a number that is taken for a text could make a condition false.
  if (typeof value !== 'string') throw new CelFault({ code: 'CEL', reason: 'is not a text for matches()' });
  return patternFor(pattern, 'matches').matches(value);
}

function split(value: unknown, separator: string): readonly string[] {
  const text = textIn(value, 'split');
  const parts = separator === '' ? [text] : text.split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function join(items: readonly unknown[], separator: string): string {
  return items.map((item) => textIn(item, 'join')).join(separator);
}

function first([item]: readonly unknown[]): string {
  return item === undefined ? '' : textIn(item, 'first');
}

function firstNonEmpty(items: readonly unknown[]): string {
  let found = '';
  for (const item of items) {
    const text = textIn(item, 'firstNonEmpty');
    if (found === '' && text.trim() !== '') found = text;
  }
  return found;
}

function lookUpIn(lookups: Lookups) {
  return (input: string, key: unknown, column: string, ...fallback: readonly [unknown?]): string => {
    const found = lookups.get(input)?.find(textIn(key, LOOKUP), column);
    if (typeof found === 'string') return found;
    if (found !== undefined) throw new CelFault(found);
    if (fallback.length > 0) return textIn(fallback[0], LOOKUP);
    throw new CelFault({ code: 'LOOKUP_MISSING', reason: `has no row in the lookup ${quoted(input)}` });
  };
}

const forms = new Map<string, ReturnType<typeof readForm>>();

function date(value: unknown, form: string): Date {
  const text = textIn(value, 'date');
  if (forms.size > MOST_CACHED) forms.clear();
  if (!forms.has(form)) forms.set(form, readForm(form));
  const day = forms.get(form)?.(text);
  if (day === undefined)
    throw new CelFault({ code: 'NOT_A_DATE', reason: 'is not a date in the form that date() expects' });
  return new Date(day);
}

function hasFlag(value: unknown, flag: bigint): boolean {
  const has = flag > 0n ? hasBits(textIn(value, 'hasFlag'), flag) : undefined;
  if (has === undefined)
    throw new CelFault({ code: 'NOT_A_NUMBER', reason: 'is not a whole number with a flag for hasFlag()' });
  return has;
}

function fileTime(value: unknown): Date {
  const time = timeOfFileTime(textIn(value, 'fileTime'));
  if (time === undefined)
    throw new CelFault({ code: 'NOT_A_DATE', reason: 'is not a time of Windows, which fileTime() expects' });
  return time;
}

const durations = new Map<bigint, unknown>();

/** CEL has no constructor for durations besides its own function. */
function days(count: bigint): unknown {
  if (durations.size > MOST_CACHED) durations.clear();
  if (!durations.has(count)) durations.set(count, evaluate(`duration("${count * 24n}h")`));
  return durations.get(count);
}
