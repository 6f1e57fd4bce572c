import { requireOneOf } from '../../core/check-options.js';

/**
 * What a number of JSON becomes: `value`, a number of JavaScript, which has no leading zeros or trailing zeros of a fraction and loses
 * digits after the fifteenth; or `text`, the text as it is written: `1.0`, `1e3`, `12345678901234567890`.
 */
export type JsonNumbers = 'value' | 'text';

/** Checks the option `numbers`. */
export function requireNumbers(numbers: JsonNumbers | undefined): JsonNumbers {
  return requireOneOf('numbers', numbers ?? 'value', ['value', 'text']);
}

/** A text of JSON, or a number outside of texts. */
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs;

/**
 * Parses JSON.
 * @throws SyntaxError with a part of the text in its message: it must not be passed on
 */
export function parseJson(text: string, numbers: JsonNumbers): unknown {
  const value: unknown = JSON.parse(text);
  if (numbers === 'value' || !hasNumber(value)) return value;
  // The first parse has shown that every number is well-formed, so that it can be put in quotes.
  return JSON.parse(text.replace(TEXT_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}

function hasNumber(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasNumber);
}
