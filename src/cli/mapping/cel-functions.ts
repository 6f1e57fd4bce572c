import { evaluate, type Environment } from '@marcbachmann/cel-js';
import { Fault } from './cells.js';
import { readForm, type Day } from './dates.js';

/** An expression cannot be computed for a row. */
export class CelFault extends Error {
  constructor(readonly fault: Pick<Fault, 'code' | 'reason'>) {
    super(fault.reason);
  }
}

/** Letters that Unicode does not decompose into a letter of ASCII and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  '’': "'",
  '‘': "'",
  '–': '-',
  '—': '-',
};
const MOST_PADDED = 1024;
/** Patterns, forms of dates and durations that are kept. They can come from columns, so there may be many. */
const MOST_CACHED = 1000;

/** Adds rollcall's functions to CEL's own. `today` is the day that the mapping calls today. */
export function addFunctions(cel: Environment, today: Day): void {
  cel
    .registerFunction('lower(dyn): string', (value: unknown) => textIn(value, 'lower').toLowerCase())
    .registerFunction('upper(dyn): string', (value: unknown) => textIn(value, 'upper').toUpperCase())
    .registerFunction('trim(dyn): string', (value: unknown) => textIn(value, 'trim').trim())
    .registerFunction('ascii(dyn): string', (value: unknown) => ascii(textIn(value, 'ascii')))
    .registerFunction('pad(dyn, int): string', (value: unknown, width: bigint) =>
      textIn(value, 'pad').padStart(widthOf(width), '0'),
    )
    .registerFunction('pad(dyn, int, string): string', (value: unknown, width: bigint, fill: string) =>
      textIn(value, 'pad').padStart(widthOf(width), fill),
    )
    .registerFunction('replace(dyn, string, string): string', (value: unknown, from: string, to: string) =>
      from === '' ? textIn(value, 'replace') : textIn(value, 'replace').replaceAll(from, () => to),
    )
    .registerFunction('extract(dyn, string): string', (value: unknown, pattern: string) =>
      extract(textIn(value, 'extract'), pattern),
    )
    .registerFunction('split(dyn, string): list<string>', (value: unknown, separator: string) =>
      split(textIn(value, 'split'), separator),
    )
    .registerFunction('join(list, string): string', (items: readonly unknown[], separator: string) =>
      items.map((item) => textIn(item, 'join')).join(separator),
    )
    .registerFunction('first(list): string', ([item]: readonly unknown[]) =>
      item === undefined ? '' : textIn(item, 'first'),
    )
    .registerFunction('firstNonEmpty(list): string', (items: readonly unknown[]) =>
      firstNonEmpty(items.map((item) => textIn(item, 'firstNonEmpty'))),
    )
    .registerFunction('date(dyn): google.protobuf.Timestamp', (value: unknown) =>
      date(textIn(value, 'date'), 'YYYY-MM-DD'),
    )
    .registerFunction('date(dyn, string): google.protobuf.Timestamp', (value: unknown, form: string) =>
      date(textIn(value, 'date'), form),
    )
    .registerFunction('today(): google.protobuf.Timestamp', () => new Date(today))
    .registerFunction('days(int): google.protobuf.Duration', days);
}

/** The text of a value, as for every column: of texts, whole numbers and booleans; `''` for null. Undefined for anything else. */
export function textOfValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** True if a text is a regular expression for `extract`. */
export function isPattern(pattern: string): boolean {
  return regExp(pattern) !== undefined;
}

function textIn(value: unknown, name: string): string {
  const text = textOfValue(value);
  if (text === undefined)
    throw new CelFault({ code: 'NOT_TEXT', reason: `has neither text nor a whole number for ${name}()` });
  return text;
}

function ascii(text: string): string {
  let result = '';
  for (const letter of text.normalize('NFKD').replace(/\p{M}/gu, '')) {
    const written = letter <= '\u007f' ? letter : LETTERS[letter];
    // Without the letter, two people could get the same login.
    if (written === undefined)
      throw new CelFault({ code: 'NOT_ASCII', reason: 'has a letter that ascii() cannot write' });
    result += written;
  }
  return result;
}

function widthOf(width: bigint): number {
  if (width < 0n || width > BigInt(MOST_PADDED))
    throw new CelFault({ code: 'CEL', reason: `is padded to more than ${MOST_PADDED} characters` });
  return Number(width);
}

const patterns = new Map<string, RegExp | undefined>();

function regExp(pattern: string): RegExp | undefined {
  if (patterns.size > MOST_CACHED) patterns.clear();
  if (!patterns.has(pattern)) patterns.set(pattern, compile(pattern));
  return patterns.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}

/** The first group of a regular expression, or, if it has none, what it matches; `''` if it does not match. */
function extract(text: string, pattern: string): string {
  const expression = regExp(pattern);
  if (expression === undefined)
    throw new CelFault({
      code: 'CEL',
      reason: 'has a pattern for extract() that is not a regular expression',
    });
  const match = expression.exec(text);
  return match?.[1] ?? match?.[0] ?? '';
}

function split(text: string, separator: string): readonly string[] {
  const parts = separator === '' ? [text] : text.split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function firstNonEmpty(texts: readonly string[]): string {
  return texts.find((text) => text.trim() !== '') ?? '';
}

const forms = new Map<string, ReturnType<typeof readForm>>();

function date(text: string, form: string): Date {
  if (forms.size > MOST_CACHED) forms.clear();
  if (!forms.has(form)) forms.set(form, readForm(form));
  const day = forms.get(form)?.(text);
  if (day === undefined)
    throw new CelFault({ code: 'NOT_A_DATE', reason: 'is not a date in the form that date() expects' });
  return new Date(day);
}

const durations = new Map<bigint, unknown>();

/** CEL has no constructor for durations besides its own function. */
function days(count: bigint): unknown {
  if (durations.size > MOST_CACHED) durations.clear();
  if (!durations.has(count)) durations.set(count, evaluate(`duration("${count * 24n}h")`));
  return durations.get(count);
}
