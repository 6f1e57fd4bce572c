import { OptionsError } from '../core/errors.js';
import { contextOf, type Flow, type Source } from '../flow/flow.js';
import { pipe } from '../flow/pipe.js';
import { inTurn } from './in-turn.js';

/**
 * Reads several sources one after another, as one source: the files of one export, for example. The places of records keep their files.
 *
 * A run counts the sources. If a later full read of the entity has fewer, because a file is missing, the guard stops the plan
 * (`maxMissingFiles`). Files that have most of their records in common, such as an export and an older copy, end the run.
 *
 * @example
 * const users = concat((await glob('people-*.csv')).map((path) => fromCsv(path)));
 * @throws {@link OptionsError} for no sources: a pattern that finds no file must not be an empty export
 */
export function concat<T>(sources: Iterable<Source<T>>): Flow<T> {
  const flows = Array.from(sources, (source) => pipe(source));
  if (flows.length === 0) throw new OptionsError('sources', 'expected at least one source');
  const all = inTurn<T>(async function* () {
    yield* flows;
  });
  // What the stages of a source reject must not count as removed.
  for (const flow of flows) contextOf(flow).forwardTo(contextOf(all));
  return all;
}
