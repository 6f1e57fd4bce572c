/** What Okta's text rules say of a string. */
export type TextFault = 'SUPPLEMENTARY' | 'MALFORMED';

const SURROGATE = /[\ud800-\udfff]/;
const SURROGATES_AND_PAIRS = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Okta takes text in UTF-8 sequences of three bytes or fewer: nothing beyond U+FFFF. A lone surrogate is no text at
 * all, and would arrive as another character.
 */
export function textFault(text: string): TextFault | undefined {
  if (!SURROGATE.test(text)) return undefined;
  return LONE.test(text) ? 'MALFORMED' : 'SUPPLEMENTARY';
}

/** The text with each unsupported character (and each lone surrogate) replaced. */
export function replaceUnsupported(text: string, replacement: string): string {
  return text.replace(SURROGATES_AND_PAIRS, replacement);
}
