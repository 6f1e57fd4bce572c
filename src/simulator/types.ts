/** One request for {@link SimulatedOrg.handle}. */
export interface OrgRequest {
  readonly method: string;
  /** Path and query, without the origin. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as sent, as text or bytes; undefined for a request without a body. */
  readonly body?: string | Uint8Array | undefined;
}

/** A response. */
export interface OrgAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds until the response. */
  readonly delayMs: number;
  /** True if the connection breaks before the end of the response; `body` is the part that still arrives. */
  readonly cut: boolean;
}

/** The connection was refused: nothing was sent. */
export interface OrgRefusal {
  readonly kind: 'refused';
}

/** The connection was reset after the request was sent: there is no response. */
export interface OrgReset {
  readonly kind: 'reset';
  /** Whether the org processed the request. A client cannot know this, but a test can. */
  readonly acted: boolean;
  readonly delayMs: number;
}

/** The reply to a request. */
export type OrgReply = OrgAnswer | OrgRefusal | OrgReset;

/** The rules that {@link Violation} names. */
export type ViolationRule =
  | 'listed-twice'
  | 'too-many-items'
  | 'too-many-bytes'
  | 'too-many-requests'
  | 'unsupported-characters'
  | 'empty-profile'
  | 'invalid-value'
  | 'malformed-body'
  | 'missing-content-length'
  | 'empty-trigger'
  | 'upload-to-unloadable'
  | 'cancel-of-triggered'
  | 'membership-before-entity'
  | 'login-taken'
  | 'exhausted-window'
  | 'invalid-assertion'
  | 'replayed-assertion'
  | 'invalid-proof'
  | 'replayed-proof';

/** A request that a correct client never sends. It contains external ids and names of attributes, but no profile values. */
export interface Violation {
  readonly rule: ViolationRule;
  readonly sessionId: string | undefined;
  readonly detail: string;
}

/** States of a session. */
export type OrgSessionStatus =
  'CREATED' | 'IN_PROGRESS' | 'TRIGGERED' | 'COMPLETED' | 'ERROR' | 'CLOSED' | 'EXPIRED';

/** A session of the org, with more fields than the API returns. */
export interface OrgSession {
  readonly id: string;
  readonly status: OrgSessionStatus;
  /** Milliseconds since the Unix epoch, by the clock of the org, like the other times. */
  readonly created: number;
  readonly lastUpdated: number;
  readonly triggered: number | undefined;
  /** The number of accepted bulk requests. */
  readonly requests: number;
  /** The number of users, groups and memberships in them. */
  readonly items: number;
}

/** The rate-limit buckets: `token` is the OAuth endpoint; reads and writes of sessions share one; every other path has its own. */
export type OrgBucket =
  | 'sessions'
  | 'start-import'
  | 'bulk-upsert'
  | 'bulk-delete'
  | 'bulk-groups-upsert'
  | 'bulk-groups-delete'
  | 'bulk-group-memberships-upsert'
  | 'bulk-group-memberships-delete'
  | 'users'
  | 'groups'
  | 'membership'
  | 'app-users'
  | 'unconfirmed-users'
  | 'org-groups'
  | 'schemas'
  | 'token'
  | 'other';

/** One entry in the request log of the org. */
export interface LoggedRequest {
  /** Counts from 0, over all requests of the org. */
  readonly index: number;
  /** The time of arrival, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly bucket: OrgBucket;
  /** The status of the response, or the event that replaced it. */
  readonly status: number | 'refused' | 'reset';
  /** Bytes of the request's body. */
  readonly bytes: number;
  /** The number of users, groups and memberships in the request. */
  readonly items: number;
  /** The fault, if there was one. */
  readonly fault: FaultKind | undefined;
  /** The request's body; only with `recordBodies`. */
  readonly body?: string;
}

/**
 * The kinds of faults of a request:
 *
 * - `refuse`: the connection is refused; nothing was sent
 * - `resetBefore`, `resetAfter`: the connection is reset before or after the org processed the request
 * - `rateLimit`: 429; the bucket's window is used up (by others), until its reset
 * - `concurrencyLimit`: 429 with limit 0 and remaining 0
 * - `unavailable`: 503 with E0000010, the read-only mode
 * - `errorBefore`, `errorAfter`: 500 before or after the org processed the request
 * - `truncated`: the org processes the request, and its response is truncated
 * - `html`: the org processes the request, and something in between answers with an HTML page
 * - `slow`: the org processes the request, and answers late
 * - `late`: the connection is reset, and the org processes the request some time later; see the option `lateMs`
 * - `staleGet`, `staleList`: the GET of a session or the list of sessions answers as it was some time ago; see `staleMs`
 * - `unauthorized`, `notFound`: 401 and 404, without processing the request
 * - `sessionError`: start-import succeeds, and the session ends in ERROR with none or a part of its content applied
 */
export type FaultKind =
  | 'refuse'
  | 'resetBefore'
  | 'resetAfter'
  | 'rateLimit'
  | 'concurrencyLimit'
  | 'unavailable'
  | 'errorBefore'
  | 'errorAfter'
  | 'truncated'
  | 'html'
  | 'slow'
  | 'late'
  | 'staleGet'
  | 'staleList'
  | 'unauthorized'
  | 'notFound'
  | 'sessionError';

/** One fault. */
export interface Fault {
  readonly kind: FaultKind;
  /** For `slow`: milliseconds until the response. @defaultValue the option `slowMs` */
  readonly delayMs?: number;
  /** For `sessionError`: the share of the session's content that is still applied, 0 to 1. @defaultValue from the seed */
  readonly applied?: number;
}
