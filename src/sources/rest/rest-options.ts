import { OptionsError } from '../../core/errors.js';
import { refuseUnknown, requireNumber, requireOneOf } from '../../core/check-options.js';
import { requireNumbers, type JsonNumbers } from '../json/numbers.js';

/** How the next page of a REST API is found. Each way has a proof that the last page was read. */
export type NextPage =
  /** The answer has all rows. A header `Link` with `rel="next"`, or a property such as `@odata.nextLink`, fails the read. */
  | 'none'
  /** The address in the header `Link` with `rel="next"`. The last page has none. */
  | 'link'
  /** The address in a property of the document, such as `@odata.nextLink`. See {@link CursorProperty.optional}. */
  | ({ readonly url: string } & CursorProperty)
  /** The value of a property of the document, which becomes a parameter of the address of the next page. */
  | ({ readonly cursor: string; readonly parameter: string } & CursorProperty)
  /** The number of the page as a parameter of the address. The page after the last one must have no rows. */
  | { readonly page: string; readonly from?: number }
  /** The number of rows before the page as a parameter of the address. The page after the last one must have no rows. */
  | { readonly offset: string; readonly from?: number };

/** The property of a document that says where the next page is. */
export interface CursorProperty {
  /**
   * True if the service leaves the property out on the last page, as Microsoft Graph and Google do. Otherwise the last page must have
   * it, as null, `false` or `''`, because a name that is misspelt would end the read after the first page. @defaultValue false
   */
  readonly optional?: boolean;
}

/** Options of `fromRest`. */
export interface RestOptions {
  /** The address of the first page. Further pages must have the same origin, because they get the same credentials. */
  readonly url: string;
  /** The path of the array of rows in the document: keys joined with dots. @defaultValue the document is the array */
  readonly path?: string;
  readonly next: NextPage;
  /**
   * The path of the number of all rows in the document, such as `meta.total`, or the name of a header after `header:`, such as
   * `header:x-total-count`. If it differs from the number of rows that were read, the read fails. @defaultValue none
   */
  readonly total?: string;
  /** The value of the header `Authorization`, such as `Bearer ...`. It never appears in errors. @defaultValue none */
  readonly authorization?: string;
  /** Further headers. @defaultValue `accept: application/json` */
  readonly headers?: Readonly<Record<string, string>>;
  /** The name of the source in errors and rejections. @defaultValue host and path of the address */
  readonly name?: string;
  /** What a number becomes, as in `fromJson`. @defaultValue `'value'` */
  readonly numbers?: JsonNumbers;
  /** The longest silence of the service, in milliseconds. @defaultValue 60000 */
  readonly timeoutMs?: number;
  /** How often a page is requested again after a lost connection, 429 or 5xx. `Retry-After` is respected. @defaultValue 5 */
  readonly retries?: number;
  /** The pause before the first of these requests, in milliseconds; each further one is twice as long, at most 30 s. @defaultValue 500 */
  readonly retryPauseMs?: number;
}

/** Checked options. */
export interface CheckedRest extends Required<Omit<RestOptions, 'total' | 'authorization' | 'url'>> {
  readonly url: URL;
  readonly total: string | undefined;
  readonly authorization: string | undefined;
}

const NAMES = [
  'url',
  'path',
  'next',
  'total',
  'authorization',
  'headers',
  'name',
  'numbers',
  'timeoutMs',
  'retries',
  'retryPauseMs',
];
const NEXT_OPTIONS: readonly (readonly string[])[] = [
  ['url', 'optional'],
  ['cursor', 'parameter', 'optional'],
  ['page', 'from'],
  ['offset', 'from'],
];

/** @throws {@link OptionsError} for the first invalid option, without the value of an address, which may contain a secret */
export function checkRest(options: RestOptions): CheckedRest {
  refuseUnknown('fromRest', options, NAMES);
  const { path = '', total, authorization, headers = {}, timeoutMs = 60_000, retries = 5 } = options;
  const { retryPauseMs = 500 } = options;
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new OptionsError('url', 'expected an address that begins with https:// or http://');
  if (url.username !== '' || url.password !== '')
    throw new OptionsError('url', 'expected an address without user and password; use authorization');
  requireNumber('timeoutMs', timeoutMs, { min: 1, integer: true });
  requireNumber('retries', retries, { min: 0, integer: true });
  requireNumber('retryPauseMs', retryPauseMs, { min: 1, integer: true });
  checkNext(options.next);
  const numbers = requireNumbers(options.numbers);
  const name = options.name ?? `${url.host}${url.pathname}`;
  const { next } = options;
  return { url, path, next, total, authorization, headers, name, numbers, timeoutMs, retries, retryPauseMs };
}

function checkNext(next: NextPage): void {
  if (typeof next !== 'object' || next === null) {
    requireOneOf('next', next, ['none', 'link']);
    return;
  }
  const names = NEXT_OPTIONS.find(([first]) => (first as string) in next);
  if (names === undefined)
    throw new OptionsError('next', 'expected "none", "link", or an object with url, cursor, page or offset');
  refuseUnknown('next', next, names);
  for (const [name, value] of Object.entries(next)) {
    if (name === 'from') requireNumber('next.from', value as number, { min: 0, integer: true });
    else if (name === 'optional' ? typeof value !== 'boolean' : typeof value !== 'string' || value === '')
      throw new OptionsError(
        `next.${name}`,
        name === 'optional' ? 'expected true or false' : 'expected a name',
      );
  }
  if ('cursor' in next && next.parameter === undefined)
    throw new OptionsError('next.parameter', 'expected the name of the parameter that has the cursor');
}
