/** A violation of Okta's rules for text. */
export type TextFault = 'SUPPLEMENTARY' | 'MALFORMED';

const SURROGATE = /[\ud800-\udfff]/;
const SURROGATES_AND_PAIRS = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * The first violation in a text; undefined if there is none. Okta accepts characters of at most three bytes in UTF-8, so
 * nothing beyond U+FFFF. A lone surrogate is not valid text, and would arrive as another character.
 */
export function textFault(text: string): TextFault | undefined {
  if (!SURROGATE.test(text)) return undefined;
  return LONE.test(text) ? 'MALFORMED' : 'SUPPLEMENTARY';
}

/** The text with each unsupported character (and each lone surrogate) replaced. */
export function replaceUnsupported(text: string, replacement: string): string {
  return text.replace(SURROGATES_AND_PAIRS, replacement);
}
