import { quoted } from '../../core/visible.js';
import type { MissingWord } from '../mapping/missing-words.js';
import type { Findings } from '../mapping/source-findings.js';
import { conditionLines } from './condition-text.js';
import { plural, printable } from './words.js';

/** The most words in place of values that are listed. */
const MOST_WORDS = 10;

/** What a plan found in the rows of its sources, one line each. */
export function findingsLines(findings: Findings): string[] {
  return [
    ...conditionLines(findings.values ?? []),
    ...findings.noneLeftOut.map((entity) => `  The condition of the ${entity} left out no row.`),
    ...sentLines(findings),
  ];
}

/** What a sync says of the rows that it read, one line each. */
export function sentLines(findings: Findings): string[] {
  return [...nearValueLines(findings), ...attributeLines(findings), ...wordLines(findings.missingWords)];
}

/** Texts of conditions that may be written in another way in the rows. */
export function nearValueLines({ nearValues }: Pick<Findings, 'nearValues'>): string[] {
  return nearValues.map(
    ({ entity, column, text, value }) =>
      `  No row of the ${entity} has ${quoted(text)} in ${printable(column)}, which the condition names; did you mean ${quoted(value)}?`,
  );
}

function attributeLines({ otherAttributes }: Findings): string[] {
  return [...new Set(otherAttributes.map(({ entity }) => entity))].map((entity) => {
    const names = otherAttributes.filter((one) => one.entity === entity);
    const are = names.length === 1 ? 'is' : 'are';
    return `${plural(names.length, 'attribute')} of ${entity} ${are} not Okta's own, and must be in the schema of the identity source: ${names.map(({ attribute }) => printable(attribute)).join(', ')}.`;
  });
}

/** Words in place of values, and what to do. */
function wordLines(words: readonly MissingWord[]): string[] {
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
