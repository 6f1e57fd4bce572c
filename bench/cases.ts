import type { Case } from './case.js';
import { chainCases } from './cases/chains.js';
import { databaseCases } from './cases/database.js';
import { dayCases } from './cases/days.js';
import { directoryCases } from './cases/directory.js';
import { firstLoadCases } from './cases/first-load.js';
import { largeCases } from './cases/large.js';
import { mappingCases } from './cases/mapping.js';
import { packingCases } from './cases/packing.js';
import { queryCases } from './cases/queries.js';
import { readingCases } from './cases/reading.js';
import { sendingCases } from './cases/sending.js';
import { settlingCases } from './cases/settling.js';
import { stateStoreCases } from './cases/state-stores.js';

/** Every case of the bench, in the order of the report. */
export const CASES: readonly Case[] = [
  ...dayCases,
  ...firstLoadCases,
  ...directoryCases,
  ...chainCases,
  ...largeCases,
  ...packingCases,
  ...settlingCases,
  ...databaseCases,
  ...stateStoreCases,
  ...queryCases,
  ...mappingCases,
  ...readingCases,
  ...sendingCases,
];

/**
 * Cases that are asked for by one name. `targets`: those of the table in `docs/performance.md`, counts and short ones first, so that
 * a run that is ended early has told most.
 */
export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  targets: [
    ...packingCases,
    ...chainCases,
    ...dayCases,
    ...firstLoadCases,
    ...directoryCases,
    ...settlingCases,
    ...databaseCases,
    ...stateStoreCases,
    ...mappingCases,
    ...largeCases.toReversed(),
  ].filter(({ target }) => target !== undefined),
  days: dayCases,
  'first-load': firstLoadCases,
  chains: chainCases,
  large: largeCases,
  mapping: mappingCases,
  packing: packingCases,
  reading: readingCases,
};

/** The cases of a name, which may be a group's. */
export function casesNamed(name: string): readonly Case[] {
  return GROUPS[name] ?? [caseNamed(name)];
}

/** The case of this name. */
export function caseNamed(name: string): Case {
  const found = CASES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no case is named ${name}`);
  return found;
}
