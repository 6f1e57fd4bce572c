import { throwIfAborted } from '../clock.js';
import { OptionsError, RollcallError, SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown, requireFunction } from '../options.js';
import { RunContext } from '../run-context.js';
import { withPlaces } from '../chunk.js';

/** One page of a paged read. */
export interface Page<T, C> {
  readonly records: readonly T[];
  /** What the next page is asked for with; `undefined`, `null` or `''` on the last page. */
  readonly next?: C | null | undefined;
}

/** Options of {@link fromPages}. */
export interface FromPagesOptions {
  /** Ends the reading between two pages, and is handed to the function that fetches. */
  readonly signal?: AbortSignal;
  /**
   * Allows a cursor that came before, for services that answer the same one for every page (a scroll id). Without it
   * such a cursor fails the read, for it would go on for ever.
   * @defaultValue `false`
   */
  readonly allowRepeatedCursor?: boolean;
  /** The name that errors and rejections give the source. */
  readonly name?: string;
}

/**
 * The records of a paged read (REST, LDAP): pages are fetched one at a time, the next when its records are asked for.
 *
 * @param fetchPage - Fetches the page of a cursor; the first is asked for with `undefined`.
 * @example
 * fromPages(async (cursor?: string) => {
 *   const page = await directory.list({ after: cursor, limit: 500 });
 *   return { records: page.items, next: page.nextToken };
 * })
 * @throws {@link OptionsError} at once for an option of no use. {@link SourceError} while reading: when `fetchPage`
 * fails (what it threw is the cause), answers no page, or repeats a cursor; {@link AbortedError} when the signal is.
 */
export function fromPages<T, C = string>(
  fetchPage: (cursor: C | undefined, signal?: AbortSignal) => Promise<Page<T, C>>,
  options: FromPagesOptions = {},
): Flow<T> {
  requireFunction('fetchPage', fetchPage);
  refuseUnknown('fromPages', options, ['signal', 'allowRepeatedCursor', 'name']);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw new OptionsError('signal', 'expected an AbortSignal');
  return flowOf(() => pagesOf(fetchPage, options), new RunContext());
}

async function* pagesOf<T, C>(
  fetchPage: (cursor: C | undefined, signal?: AbortSignal) => Promise<Page<T, C>>,
  options: FromPagesOptions,
): AsyncGenerator<readonly T[], void, undefined> {
  const { signal, allowRepeatedCursor = false, name: file } = options;
  const seen = new Set<unknown>();
  let cursor: C | undefined;
  for (let number = 1; ; number++) {
    throwIfAborted(signal);
    const page = await fetchOne(fetchPage, cursor, number, options);
    // Copied, for the page is the caller's and a chunk carries its places.
    if (page.records.length > 0)
      yield withPlaces([...page.records], file === undefined ? undefined : { file, lines: undefined });
    const next = page.next;
    if (next === undefined || next === null || next === '') return;
    const key = identityOf(next);
    if (!allowRepeatedCursor && seen.has(key)) {
      throw new SourceError(`page ${number} names a cursor that came before; the pages would never end`, {
        file,
      });
    }
    seen.add(key);
    cursor = next;
  }
}

async function fetchOne<T, C>(
  fetchPage: (cursor: C | undefined, signal?: AbortSignal) => Promise<Page<T, C>>,
  cursor: C | undefined,
  number: number,
  { signal, name: file }: FromPagesOptions,
): Promise<Page<T, C>> {
  let page: Page<T, C> | undefined;
  try {
    page = await fetchPage(cursor, signal);
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof RollcallError) throw error;
    throw new SourceError(`page ${number} could not be fetched`, { file }, { cause: error });
  }
  if (!Array.isArray((page as Page<T, C> | undefined)?.records)) {
    throw new SourceError(`page ${number} has no array of records`, { file });
  }
  return page;
}

/** What tells two cursors apart: a cursor may be bytes or an object, which are made anew for every page. */
function identityOf(cursor: unknown): unknown {
  if (typeof cursor !== 'object') return cursor;
  try {
    return `object ${JSON.stringify(cursor)}`;
  } catch {
    return cursor;
  }
}
