import { closest, distance } from 'fastest-levenshtein';
import { quoted } from '../../core/visible.js';

/** `; did you mean ...?` if a known word is similar; otherwise a list of all known words. */
export function nearest(word: string, known: readonly string[]): string {
  const near = closest(
    word.toLowerCase(),
    known.map((name) => name.toLowerCase()),
  );
  const name = known.find((candidate) => candidate.toLowerCase() === near) as string;
  return distance(word.toLowerCase(), near) <= Math.max(2, Math.floor(word.length / 3))
    ? `; did you mean ${quoted(name)}?`
    : `; expected one of ${known.join(', ')}`;
}
