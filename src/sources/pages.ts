import { SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { requireFunction } from '../options.js';
import { RunContext } from '../run-context.js';

/** One page of a paged read. */
export interface Page<T, C> {
  readonly records: readonly T[];
  /** What to ask the next page with; undefined on the last. */
  readonly next?: C | undefined;
}

/**
 * The records of a paged read (REST, LDAP). Each page is asked for when the one before was taken.
 *
 * @param fetchPage answers the page for a cursor; the first is asked for with `undefined`.
 * @throws {@link OptionsError} at once when it is no function; {@link SourceError} while reading when a page names
 * itself or an earlier one as the next.
 */
export function fromPages<T, C = string>(fetchPage: (cursor: C | undefined) => Promise<Page<T, C>>): Flow<T> {
  requireFunction('fetchPage', fetchPage);
  return flowOf(() => pages(fetchPage), new RunContext());
}

async function* pages<T, C>(fetchPage: (cursor: C | undefined) => Promise<Page<T, C>>): AsyncGenerator<readonly T[], void, undefined> {
  const seen = new Set<C>();
  let cursor: C | undefined;
  do {
    const { records, next } = await fetchPage(cursor);
    if (records.length > 0) yield records;
    if (next !== undefined && seen.has(next)) throw new SourceError('the pages go round in a circle: a cursor came twice');
    if (next !== undefined) seen.add(next);
    cursor = next;
  } while (cursor !== undefined);
}
