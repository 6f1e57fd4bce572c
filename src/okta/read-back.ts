import { OktaHttpError, OktaResponseError, ReadBackError } from '../core/errors.js';
import type { OktaPage, PageOptions } from './directory-client.js';
import type { CallOptions } from './wire.js';

/** Reads pages to the last one. @throws {@link OktaResponseError} if a page links to itself */
export async function* allPages<T>(
  operation: string,
  read: (options: PageOptions) => Promise<OktaPage<T> | undefined>,
  options: CallOptions,
  first?: OktaPage<T>,
): AsyncGenerator<readonly T[], void, undefined> {
  let after: string | undefined;
  let page = first ?? (await read(options));
  while (page !== undefined) {
    yield page.items;
    if (page.next === undefined) return;
    if (page.next === after) throw new OktaResponseError(operation, 200, 'a page links to itself');
    after = page.next;
    page = await read({ ...options, after });
  }
}

/** Why Okta refused a list; undefined for an error that says something else. */
export function refusal(error: unknown, what: string, scope: string): ReadBackError | undefined {
  if (!(error instanceof OktaHttpError) || (error.status !== 403 && error.status !== 404)) return undefined;
  const { operation, status } = error;
  const reason =
    status === 403
      ? `the credentials may not read ${what}; grant the scope ${scope} (and name it in OKTA_CLIENT_SCOPES), or let the administrator of the API token view applications and groups`
      : `Okta does not offer the list of ${what} for this identity source, or does not know its id ("rollcall check" tells which)`;
  return new ReadBackError(operation, status, `${operation}: Okta answered ${status}: ${reason}`);
}
