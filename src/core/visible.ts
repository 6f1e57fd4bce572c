/** Characters that cannot be seen, or look like a space: all blanks but the space, and control and format characters. */
const INVISIBLE = /[^\S ]|[\p{Cc}\p{Cf}\ufffd]/gu;

/** A text in quotes, as in JSON. Characters that cannot be seen are shown as escapes, such as `\u00a0`. */
export function quoted(text: string): string {
  return marksShown(JSON.stringify(text)).replace(INVISIBLE, codePoint);
}

/** Accents that are code points of their own, where another text looks the same: `jose\u0301` for a text that looks like `josé`. */
export function marksShown(text: string): string {
  if (text === text.normalize('NFC')) return text;
  return text.replace(/\P{ASCII}/gu, (one) =>
    /\p{M}/u.test(one) || one !== one.normalize('NFC') ? codePoint(one) : one,
  );
}

/** A character as an escape, such as `\u200b`. */
export function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).padStart(4, '0');
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex}`;
}
