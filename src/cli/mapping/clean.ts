/**
 * Characters that nobody can see: control characters besides tabs and line ends, and format characters, such as a zero-width space
 * (U+200B), a soft hyphen (U+00AD), a byte order mark (U+FEFF) or marks of the direction of writing. The joiners U+200C and U+200D stay
 * between letters beyond the Latin ones: in Persian and in the languages of India they are a part of the spelling.
 */
const UNSEEN =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|(?![\u200c\u200d])\p{Cf}|(?<![\u0250-\uffff])[\u200c\u200d]|[\u200c\u200d](?![\u0250-\uffff])/gu;

/**
 * The text without characters that nobody can see. U+FFFD stays, so that the record is rejected: it stands for text that was lost, which
 * nothing brings back.
 */
export function cleaned(text: string): string {
  return text.replace(UNSEEN, '');
}
