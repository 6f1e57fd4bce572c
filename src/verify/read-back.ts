import { OktaHttpError, OktaResponseError, ReadBackError } from '../core/errors.js';
import type { OktaPage, PageOptions } from '../okta/directory-client.js';

/** Reads pages to the last one. @throws {@link OktaResponseError} if a page links to itself */
export async function* allPages<T>(
  operation: string,
  read: (options: PageOptions) => Promise<OktaPage<T> | undefined>,
  signal: AbortSignal | undefined,
  first?: OktaPage<T>,
): AsyncGenerator<readonly T[], void, undefined> {
  let after: string | undefined;
  let page = first ?? (await read({ ...(signal && { signal }) }));
  while (page !== undefined) {
    yield page.items;
    if (page.next === undefined) return;
    if (page.next === after) throw new OktaResponseError(operation, 200, 'a page links to itself');
    after = page.next;
    page = await read({ after, ...(signal && { signal }) });
  }
}

/**
 * Calls a function for each item and yields the results in order, with some calls in progress at the same time.
 * @param ahead - the most calls in progress
 */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  ahead: number,
  call: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const inProgress: Promise<R>[] = [];
  for (const item of items) {
    const result = call(item);
    // It is awaited in its turn; until then a failure must not count as one that nobody handles.
    result.catch(() => undefined);
    inProgress.push(result);
    if (inProgress.length >= ahead) yield await (inProgress.shift() as Promise<R>);
  }
  for (const result of inProgress) yield await result;
}

/** Why Okta refused a list; undefined for an error that says something else. */
export function refusal(error: unknown, what: string, scope: string): ReadBackError | undefined {
  if (!(error instanceof OktaHttpError) || (error.status !== 403 && error.status !== 404)) return undefined;
  const { operation, status } = error;
  const reason =
    status === 403
      ? `the credentials may not list ${what}; grant the scope ${scope} (and name it in OKTA_CLIENT_SCOPES), or let the administrator of the API token view applications and groups`
      : `Okta does not offer the list of ${what} for this identity source`;
  return new ReadBackError(operation, status, `${operation}: Okta answered ${status}: ${reason}`);
}
