import { SourceError } from '../../core/errors.js';
import type { Answer } from './request-page.js';
import type { CheckedRest, NextPage } from './rest-options.js';

/** Properties with which services say that a document is one page of several. */
const NEXT_PROPERTIES = ['@odata.nextLink', 'odata.nextLink', 'nextLink', 'nextPageToken'];

/** A page that was read, and what was read before it. */
export interface ReadPage extends Answer {
  /** The address of the page. */
  readonly url: URL;
  /** Its number, from 1. */
  readonly number: number;
  /** The number of its rows. */
  readonly rows: number;
  /** The number of rows of this page and all before it. */
  readonly total: number;
}

/** The address of the first page. */
export function firstPage({ url, next }: CheckedRest): URL {
  const first = new URL(url);
  if (typeof next === 'object' && ('page' in next || 'offset' in next))
    first.searchParams.set('page' in next ? next.page : next.offset, String(fromOf(next)));
  return first;
}

/**
 * The address of the page after this one; undefined if this is the last page.
 * @throws {@link SourceError} if it is not certain whether there is another page, or if it is on another server
 */
export function nextPage(page: ReadPage, options: CheckedRest): URL | undefined {
  const { next, name: file } = options;
  if (next === 'none') {
    requireSinglePage(page, file);
    return undefined;
  }
  if (next === 'link') return sameOrigin(linkOf(page.headers.get('link')), page, file);
  if ('page' in next || 'offset' in next)
    return page.rows === 0 ? undefined : counted(page, next, options.url);
  const value = cursorOf(page, next, file);
  if (value === undefined || 'url' in next) return sameOrigin(value, page, file);
  const url = new URL(options.url);
  url.searchParams.set(next.parameter, value);
  return url;
}

/** The value at a path of keys joined with dots; a key may contain dots. Undefined if there is none. */
export function valueAt(document: unknown, path: string): unknown {
  if (path === '') return document;
  if (typeof document !== 'object' || document === null) return undefined;
  const fields = document as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(fields, path)) return fields[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    if (Object.hasOwn(fields, key)) return valueAt(fields[key], path.slice(dot + 1));
  }
  return undefined;
}

type Counted = Extract<NextPage, { readonly page: string } | { readonly offset: string }>;

function counted(page: ReadPage, next: Counted, first: URL): URL {
  const url = new URL(first);
  if ('page' in next) url.searchParams.set(next.page, String(fromOf(next) + page.number));
  else url.searchParams.set(next.offset, String(fromOf(next) + page.total));
  return url;
}

/** Pages are counted from 1, and offsets from 0, unless the option says otherwise. */
function fromOf(next: Counted): number {
  return next.from ?? ('page' in next ? 1 : 0);
}

function cursorOf(
  { document, number }: ReadPage,
  next: Extract<NextPage, { readonly url: string } | { readonly cursor: string }>,
  file: string,
): string | undefined {
  const path = 'url' in next ? next.url : next.cursor;
  const value = valueAt(document, path);
  if (value === null || value === '' || value === false) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value === undefined && next.optional === true) return undefined;
  throw new SourceError(
    value === undefined
      ? `page ${number} has no ${JSON.stringify(path)}, so it is not certain that it is the last page; if the service leaves it out there, set optional`
      : `page ${number} has a ${JSON.stringify(path)} that is neither text nor a number`,
    { file },
  );
}

function requireSinglePage({ document, headers }: ReadPage, file: string): void {
  const isPage =
    linkOf(headers.get('link')) !== undefined ||
    NEXT_PROPERTIES.some((name) => typeof valueAt(document, name) === 'string');
  if (isPage)
    throw new SourceError('the answer is one page of several; say with next how to find the others', {
      file,
    });
}

/** The address with `rel="next"` in a header `Link` (RFC 8288). */
function linkOf(header: string | null): string | undefined {
  for (const [, address, parameters] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*("([^"]*\s)?next(\s[^"]*)?"|next\b)/i.test(parameters as string)) return address;
  }
  return undefined;
}

function sameOrigin(address: string | undefined, { url, number }: ReadPage, file: string): URL | undefined {
  if (address === undefined) return undefined;
  const next = URL.canParse(address, url.href) ? new URL(address, url) : undefined;
  if (next?.origin === url.origin) return next;
  throw new SourceError(
    `page ${number} names a next page at ${next === undefined ? 'no valid address' : next.origin}; it must be at ${url.origin}, because it gets the credentials`,
    { file },
  );
}
