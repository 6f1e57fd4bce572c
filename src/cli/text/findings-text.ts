import type { Entity } from '../../core/model.js';
import type { EntityReport } from '../../core/results.js';
import { quoted } from '../../core/visible.js';
import type { MissingWord } from '../mapping/missing-words.js';
import type { SourceFindings } from '../mapping/source-findings.js';
import { conditionLines } from './condition-text.js';
import { plural, printable } from './words.js';

/** The most words in place of values that are listed. */
const MOST_WORDS = 10;

/** What a plan found in the rows of its sources, one line each. */
export function findingsLines(
  findings: SourceFindings,
  sources: Readonly<Partial<Record<Entity, EntityReport>>>,
): string[] {
  return [
    ...conditionLines(findings.values.all()),
    ...findings.values.all().flatMap(({ entity }, i, all) => {
      const { read = 0, leftOut = 0 } = sources[entity] ?? {};
      const isFirst = all.findIndex((other) => other.entity === entity) === i;
      return isFirst && read > 0 && leftOut === 0
        ? [`  The condition of the ${entity} left out no row.`]
        : [];
    }),
    ...attributeLines(findings),
    ...accentLines(findings),
    ...wordLines(findings.words.all()),
  ];
}

function attributeLines({ attributes }: SourceFindings): string[] {
  return [...attributes].map(
    ([entity, names]) =>
      `Attributes of ${entity} that are not Okta's own, and must be in the schema of the identity source: ${[...names].map(printable).join(', ')}.`,
  );
}

function accentLines({ decomposed }: SourceFindings): string[] {
  return Array.from(
    decomposed,
    ([place, rows]) =>
      `Accents that are code points of their own, so that texts that look the same differ: ${place} in at least ${plural(rows, 'row')}; the mapping joins them with "normalize": "NFC".`,
  );
}

/** Words in place of values, and what to do. */
export function wordLines(words: readonly MissingWord[]): string[] {
  if (words.length === 0) return [];
  const lines = words
    .slice(0, MOST_WORDS)
    .map(
      ({ entity, attribute, word, rows }) =>
        `  ${entity}, ${printable(attribute)}: ${quoted(word)} in at least ${plural(rows, 'row')}`,
    );
  return [
    'Words that look like a missing value, and are sent as they are (emptyValues in the mapping empties them):',
    ...lines,
    ...(words.length > MOST_WORDS ? [`  ... and ${words.length - MOST_WORDS} more`] : []),
  ];
}
