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

/** A text in the letters of ASCII; undefined if a letter has no form without marks, such as one of another script. */
export function inAscii(text: string): string | undefined {
  if (isAscii(text)) return text;
  const letters = text.normalize('NFKD').replace(/\p{M}/gu, '');
  if (isAscii(letters)) return letters;
  let result = '';
  for (const letter of letters) {
    const written = isAscii(letter) ? letter : LETTERS[letter];
    if (written === undefined) return undefined;
    result += written;
  }
  return result;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
