import { codePoint } from '../core/visible.js';

/** A violation of the rules for text: its code, and the reason for people. */
export interface TextFault {
  readonly code: string;
  readonly reason: string;
}

const SURROGATES_AND_PAIRS = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
/** The character in whose place text was lost. */
const REPLACEMENT = /\ufffd/;
/** All of the above: one search suffices for nearly every text. */
const SUSPICIOUS = new RegExp(`${CONTROL.source}|[\\ud800-\\udfff]|${REPLACEMENT.source}`);
const UNSUPPORTED = new RegExp(`${SURROGATES_AND_PAIRS.source}|${CONTROL.source}|${REPLACEMENT.source}`, 'g');
/** Texts that have one form of Unicode only; nearly all are among them. */
const ONLY_NORMALIZED = /^[\0-\u02ff]*$/;
/** Control and format characters, such as a zero-width space. Nobody can see or type them. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;
const UNSUPPORTED_OR_INVISIBLE = /[\u{10000}-\u{10ffff}\p{Cs}\p{Cc}\p{Cf}\ufffd]/gu;

/**
 * The first violation in a value; undefined if there is none. Okta accepts characters of at most three bytes in UTF-8, so
 * nothing beyond U+FFFF. A lone surrogate is not valid text, and would arrive as another character. Control characters other than
 * tabs and line ends, and U+FFFD, are not part of any value: the text was damaged before it came here.
 */
export function textFault(text: string): TextFault | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  if (LONE.test(text)) return { code: 'MALFORMED_TEXT', reason: 'contains half of a surrogate pair' };
  const control = CONTROL.exec(text)?.[0];
  if (control === '\0')
    return {
      code: 'CONTROL_CHARACTER',
      reason: 'contains \\u0000; is the file in another encoding, such as UTF-16?',
    };
  if (control !== undefined)
    return { code: 'CONTROL_CHARACTER', reason: `contains the control character ${codePoint(control)}` };
  if (REPLACEMENT.test(text))
    return {
      code: 'DAMAGED_TEXT',
      reason: 'contains \\ufffd, which stands for bytes that were lost; make the export in UTF-8',
    };
  return {
    code: 'UNSUPPORTED_CHARACTER',
    reason: 'contains a character beyond U+FFFF, such as an emoji, which Okta does not accept',
  };
}

/**
 * Like {@link textFault}, for ids, logins and addresses: these have no character that cannot be seen, and are in the form NFC of Unicode,
 * because two that look the same would be different, and nobody can type the other form.
 */
export function nameFault(text: string): TextFault | undefined {
  const fault = textFault(text);
  if (fault !== undefined) return fault;
  const invisible = INVISIBLE.exec(text)?.[0];
  if (invisible !== undefined)
    return { code: 'INVISIBLE_CHARACTER', reason: `contains ${codePoint(invisible)}, which cannot be seen` };
  return ONLY_NORMALIZED.test(text) || text === text.normalize('NFC') ? undefined : notNormalized(text);
}

function notNormalized(text: string): TextFault {
  const characters = Array.from(text);
  // The first mark, or else the first character with another form of its own.
  const mark = characters.find((one) => /\p{M}/u.test(one));
  const found = mark ?? characters.find((one) => one !== one.normalize('NFC')) ?? text.slice(0, 1);
  const what = mark === undefined ? 'which has another form' : 'an accent that is a code point of its own';
  return {
    code: 'NOT_NORMALIZED',
    reason: `contains ${codePoint(found)}, ${what}: a text that looks the same is another one ("normalize": "NFC" in the mapping mends it)`,
  };
}

/** The text with each unsupported character (and each lone surrogate) replaced. */
export function replaceUnsupported(text: string, replacement: string): string {
  return text.replace(UNSUPPORTED, replacement);
}

/** Like {@link replaceUnsupported}, for logins and addresses. */
export function replaceInvisible(text: string, replacement: string): string {
  return text.replace(UNSUPPORTED_OR_INVISIBLE, replacement);
}
