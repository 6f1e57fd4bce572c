import { ENTITIES, type Entity } from '../../core/model.js';
import type { EntityReport } from '../../core/results.js';
import { count, plural } from './words.js';

type Sources = Readonly<Partial<Record<Entity, EntityReport>>>;

/** Why rows were left out, and whether any were not; no line if there were none. The table has their numbers. */
export function leftOutLines(sources: Sources): string[] {
  const counts = countsOf(sources, 'leftOut');
  return [
    ...(counts.length === 0
      ? []
      : [
          `Left out by a condition, as a duplicate, as older than the watermark, or because their user or group is not in scope: ${counts.join(', ')}.`,
        ]),
    ...ENTITIES.flatMap((entity) => {
      const { read = 0, leftOut = 0 } = sources[entity] ?? {};
      if (read === 0 || leftOut < read) return [];
      return [`Every row of the ${entity} was left out: is the condition (when) of the mapping right?`];
    }),
  ];
}

/** The records that Okta refused in an earlier run and that are not sent, as one line of text; none if there are none. */
export function refusedBeforeLines(sources: Sources): string[] {
  const counts = countsOf(sources, 'refusedBefore');
  if (counts.length === 0) return [];
  return [
    `Not sent until they change or --resend names them, because Okta refused them in an earlier run: ${counts.join(', ')}.`,
  ];
}

/** The rows that were skipped because all their cells are empty, as one line of text; none if there are none. */
export function blankLines(sources: Sources): string[] {
  const counts = ENTITIES.flatMap((entity) => {
    const blank = sources[entity]?.blank ?? 0;
    return blank === 0 ? [] : [`${count(blank)} of ${entity}`];
  });
  return counts.length === 0
    ? []
    : [`Skipped, because all their cells are empty: rows ${counts.join(', ')}.`];
}

function countsOf(sources: Sources, field: 'leftOut' | 'refusedBefore'): string[] {
  return ENTITIES.flatMap((entity) => {
    const n = sources[entity]?.[field] ?? 0;
    return n === 0 ? [] : [plural(n, entity.slice(0, -1))];
  });
}
