import { quoted } from '../../core/visible.js';
import type { Findings } from '../mapping/source-findings.js';
import { count, printable } from './words.js';

type MetValues = NonNullable<Findings['values']>[number];

/** The values that conditions met, one line for each column. */
export function conditionLines(all: readonly MetValues[]): string[] {
  if (all.length === 0) return [];
  return [
    'Values that the conditions of the mapping met:',
    ...all.map(({ entity, column, values }) => `  ${entity}, ${printable(column)}: ${valuesText(values)}`),
  ];
}

function valuesText(values: MetValues['values']): string {
  if (values === undefined) return 'more than twenty';
  return values.map(({ value, rows }) => `${quoted(value)} ${count(rows)}`).join(' · ');
}
