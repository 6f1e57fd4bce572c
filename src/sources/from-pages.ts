import { throwIfAborted } from '../core/clock.js';
import { OptionsError, RollcallError, SourceError } from '../core/errors.js';
import { flowOf, type Flow } from '../flow/flow.js';
import { refuseUnknown, requireFunction } from '../core/check-options.js';
import { RunContext } from '../flow/run-context.js';
import { withPlaces, type Chunk } from '../flow/chunk.js';

/** One page of a paged read. */
export interface Page<T, C> {
  readonly records: readonly T[];
  /**
   * The cursor of the next page; `null` on the last page. A page without it fails the read: a property of another name would
   * otherwise end the read after the first page, and everybody on the others would count as removed.
   */
  readonly next: C | null;
}

/** Options of {@link fromPages}. */
export interface FromPagesOptions {
  /** Ends the reading between two pages; it is also passed to `fetchPage`. */
  readonly signal?: AbortSignal;
  /**
   * Allows a cursor that appeared before, for services that return the same cursor for every page (a scroll id). Otherwise a
   * repeated cursor fails the read, because the read would never end.
   * @defaultValue `false`
   */
  readonly allowRepeatedCursor?: boolean;
  /**
   * Fetches the next page while the records of the current one are processed, so that neither waits for the other. At most
   * one page is read ahead; a reader that stops early waits until it has arrived.
   * @defaultValue `false`
   */
  readonly readAhead?: boolean;
  /** The name of the source in errors and rejections. */
  readonly name?: string;
}

/**
 * The records of a paged read (REST, LDAP, a database cursor). Pages are fetched one at a time, when their records are needed.
 *
 * @param fetchPage - Fetches the page of a cursor; the cursor of the first page is `undefined`. Or an iterable of pages, such
 * as an `async function*` that yields the arrays of rows of a driver: this costs one asynchronous step per page instead of one
 * per row.
 * @example
 * fromPages(async (cursor?: string) => {
 *   const page = await directory.list({ after: cursor, limit: 500 });
 *   return { records: page.items, next: page.nextToken ?? null };
 * })
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, if `fetchPage` fails (its
 * error is the cause), returns no page or no `next`, or repeats a cursor; {@link AbortedError} if the signal is aborted. An error of an
 * iterable is thrown unchanged.
 */
export function fromPages<T, C = string>(
  fetchPage: (cursor: C | undefined, signal?: AbortSignal) => Promise<Page<T, C>>,
  options?: FromPagesOptions,
): Flow<T>;
/** The records of an iterable of pages, which is closed on every exit. */
export function fromPages<T>(
  pages: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  options?: FromPagesOptions,
): Flow<T>;
export function fromPages<T, C>(pages: FetchPage<T, C> | Pages<T>, options: FromPagesOptions = {}): Flow<T> {
  refuseUnknown('fromPages', options, ['signal', 'allowRepeatedCursor', 'readAhead', 'name']);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw new OptionsError('signal', 'expected an AbortSignal');
  const { readAhead = false } = options;
  if (typeof readAhead !== 'boolean') throw new OptionsError('readAhead', 'expected true or false');
  const open = opener(pages, options);
  return flowOf(() => (readAhead ? oneAhead(open()) : open()), new RunContext());
}

type FetchPage<T, C> = (cursor: C | undefined, signal?: AbortSignal) => Promise<Page<T, C>>;
type Pages<T> = AsyncIterable<readonly T[]> | Iterable<readonly T[]>;
type PageChunks<T> = AsyncGenerator<Chunk<T>, void, undefined>;

function opener<T, C>(pages: FetchPage<T, C> | Pages<T>, options: FromPagesOptions): () => PageChunks<T> {
  if (isIterable(pages)) return () => arraysOf(pages, options);
  requireFunction('fetchPage', pages);
  return () => pagesOf(pages, options);
}

function isIterable<T>(pages: unknown): pages is Pages<T> {
  return (
    typeof pages === 'object' && pages !== null && (Symbol.asyncIterator in pages || Symbol.iterator in pages)
  );
}

/** Fetches the next page while the current one is processed. */
async function* oneAhead<T>(pages: PageChunks<T>): PageChunks<T> {
  try {
    for (let next = pages.next(); ;) {
      const page = await next;
      if (page.done === true) return;
      next = pages.next();
      // If it fails, the next `await` throws the error.
      next.catch(() => undefined);
      yield page.value;
    }
  } finally {
    // A generator closes after the page that is being fetched.
    await pages.return();
  }
}

async function* arraysOf<T>(pages: Pages<T>, { signal, name: file }: FromPagesOptions): PageChunks<T> {
  let number = 0;
  throwIfAborted(signal);
  for await (const page of pages) {
    number++;
    if (!Array.isArray(page)) throw new SourceError(`page ${number} is not an array of records`, { file });
    if (page.length > 0) yield chunkOf(page, file);
    throwIfAborted(signal);
  }
}

/** Copies a page to a chunk, because the array belongs to the caller. */
function chunkOf<T>(records: readonly T[], file: string | undefined): Chunk<T> {
  return withPlaces([...records], file === undefined ? undefined : { file, lines: undefined });
}

async function* pagesOf<T, C>(fetchPage: FetchPage<T, C>, options: FromPagesOptions): PageChunks<T> {
  const { signal, allowRepeatedCursor = false, name: file } = options;
  const seen = new Set<unknown>();
  let cursor: C | undefined;
  for (let number = 1; ; number++) {
    throwIfAborted(signal);
    const page = await fetchOne(fetchPage, cursor, number, options);
    if (page.records.length > 0) yield chunkOf(page.records, file);
    const next = page.next as C | '' | null | undefined;
    if (next === null) return;
    if (next === undefined || next === '') {
      throw new SourceError(`page ${number} has no cursor "next": set it to null on the last page`, { file });
    }
    const key = identityOf(next);
    if (!allowRepeatedCursor && seen.has(key)) {
      throw new SourceError(
        `page ${number} has the cursor of an earlier page, so the read would never end (allowRepeatedCursor)`,
        { file },
      );
    }
    seen.add(key);
    cursor = next;
  }
}

async function fetchOne<T, C>(
  fetchPage: FetchPage<T, C>,
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
    throw new SourceError(`page ${number} has no array "records"`, { file });
  }
  return page;
}

/** A value to compare cursors: a cursor may be bytes or an object, which is a new object for every page. */
function identityOf(cursor: unknown): unknown {
  if (typeof cursor !== 'object') return cursor;
  try {
    return `object ${JSON.stringify(cursor)}`;
  } catch {
    return cursor;
  }
}
