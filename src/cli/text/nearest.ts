import { closest, distance } from 'fastest-levenshtein';
import { quoted } from '../../core/visible.js';

/** `; did you mean ...?` if a known word is similar; otherwise a list of all known words. */
export function nearest(word: string, known: readonly string[]): string {
  const name = similarTo(word, known);
  return name === undefined ? `; expected one of ${known.join(', ')}` : `; did you mean ${quoted(name)}?`;
}

/** The known word that is most similar; undefined if none is. Upper and lower case are the same. */
export function similarTo(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const near = closest(
    word.toLowerCase(),
    known.map((name) => name.toLowerCase()),
  );
  const isSimilar = distance(word.toLowerCase(), near) <= Math.max(2, Math.floor(word.length / 3));
  return isSimilar ? known.find((candidate) => candidate.toLowerCase() === near) : undefined;
}
