import { ApiFault, invalid } from './api-fault.js';
import { ERROR_SUMMARIES, MAX_PAGE } from './contract.js';
import type { SimulatedDirectory } from './directory.js';
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

/** A session as the API returns it. */
export function sessionJson(identitySourceId: string, session: OrgSession): Record<string, string> {
  return {
    id: session.id,
    identitySourceId,
    status: session.status,
    importType: 'INCREMENTAL',
    created: iso(session.created),
    lastUpdated: iso(session.lastUpdated),
  };
}

/** `GET /users/{externalId}`. */
export function userContent(directory: SimulatedDirectory, externalId: string): Content {
  const user = directory.user(externalId);
  if (user === undefined) throw new ApiFault(404, 'E0000007', 'no such user');
  const { id, profile, created, lastUpdated } = user;
  const times = { created: iso(created), lastUpdated: iso(lastUpdated) };
  return jsonContent(200, { id, externalId, profile, ...times });
}

/** `GET /groups/{groupOrExternalId}`. */
export function groupContent(directory: SimulatedDirectory, idOrExternalId: string): Content {
  const { externalId, group } = requireGroup(directory, idOrExternalId);
  return jsonContent(200, { id: group.id, externalId, profile: group.profile });
}

/** `GET /groups/{groupOrExternalId}/membership`: pages of members, in the order in which they were added. */
export function membersContent(
  directory: SimulatedDirectory,
  idOrExternalId: string,
  query: URLSearchParams,
  pageUrl: (query: string) => string,
): Content {
  const { externalId } = requireGroup(directory, idOrExternalId);
  const limit = Number(query.get('limit') ?? MAX_PAGE);
  const after = Number(query.get('after') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw invalid(`limit: not 1 to ${MAX_PAGE}`);
  if (!Number.isInteger(after) || after < 0) throw invalid('after: not a cursor of this list');
  const members = [...directory.membersOf(externalId)];
  const end = after + limit;
  const headers: Record<string, string> =
    end < members.length ? { link: `<${pageUrl(`?after=${end}&limit=${limit}`)}>; rel="next"` } : {};
  return jsonContent(200, { memberExternalIds: members.slice(after, end) }, headers);
}

function requireGroup(directory: SimulatedDirectory, idOrExternalId: string) {
  const found = directory.group(idOrExternalId);
  if (found === undefined) throw new ApiFault(404, 'E0000007', 'no such group');
  return found;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
