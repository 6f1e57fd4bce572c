import { invalid, type ApiFault } from './api-fault.js';
import { ERROR_SUMMARIES } from './contract.js';
import type { OrgSession } from './types.js';

/** A response without the headers that all responses have. */
export interface Content {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error format of the API. */
export function errorContent(fault: ApiFault, errorId: string): Content {
  const body = {
    errorCode: fault.errorCode,
    errorSummary: ERROR_SUMMARIES[fault.errorCode],
    errorLink: fault.errorCode,
    errorId,
    errorCauses: fault.causes.map((errorSummary) => ({ errorSummary })),
  };
  return jsonContent(fault.status, body, fault.headers);
}

/** Any value as JSON. */
export function jsonContent(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Content {
  return { status, body: JSON.stringify(value), headers: { 'content-type': 'application/json', ...headers } };
}

/** No content. */
export function emptyContent(status: number): Content {
  return { status, body: '' };
}

/** Okta's examples show the times of sessions in whole seconds. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** A session as the API returns it. */
export function sessionJson(identitySourceId: string, session: OrgSession): Record<string, string> {
  return {
    id: session.id,
    identitySourceId,
    status: session.status,
    importType: 'INCREMENTAL',
    created: iso(wholeSecond(session.created)),
    lastUpdated: iso(wholeSecond(session.lastUpdated)),
  };
}

/** One page of a list, from `limit` and `after`, with a link to the next. The cursor is the index of the first item. */
export function pageOf<T>(
  list: readonly T[],
  query: URLSearchParams,
  most: number,
  url: string,
): { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>> } {
  const limit = Number(query.get('limit') ?? most);
  const after = Number(query.get('after') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw invalid(`limit: not 1 to ${most}`);
  if (!Number.isInteger(after) || after < 0) throw invalid('after: not a cursor of this list');
  const end = after + limit;
  const next = new URLSearchParams(query);
  next.set('after', String(end));
  const [base = ''] = url.split('?');
  return {
    items: list.slice(after, end),
    headers: end < list.length ? { link: `<${base}?${next.toString()}>; rel="next"` } : {},
  };
}

/** Milliseconds since the Unix epoch as the API writes them: in recordings, always whole seconds. */
export function iso(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}
