/** One request, as {@link SimulatedOrg.handle} takes it. */
export interface OrgRequest {
  readonly method: string;
  /** Path and query, without the origin. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as sent: text, or the bytes themselves. Undefined is a request without a body. */
  readonly body?: string | Uint8Array | undefined;
}

/** A whole answer. */
export interface OrgAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds until the answer is given. */
  readonly delayMs: number;
  /** True when the connection breaks before the answer's end: `body` is what still came. */
  readonly cut: boolean;
}

/** The connection was refused: nothing was sent. */
export interface OrgRefusal {
  readonly kind: 'refused';
}

/** The connection was reset after the request was sent: there is no answer. */
export interface OrgReset {
  readonly kind: 'reset';
  /** Whether the org had acted on the request. A client cannot know; tests may. */
  readonly acted: boolean;
  readonly delayMs: number;
}

/** What became of a request. */
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
  | 'exhausted-window'
  | 'invalid-assertion'
  | 'replayed-assertion'
  | 'invalid-proof'
  | 'replayed-proof';

/** Something a careful client never does. Holds external ids and names of attributes, never a profile's values. */
export interface Violation {
  readonly rule: ViolationRule;
  readonly sessionId: string | undefined;
  readonly detail: string;
}

/** States of a session. */
export type OrgSessionStatus =
  'CREATED' | 'IN_PROGRESS' | 'TRIGGERED' | 'COMPLETED' | 'ERROR' | 'CLOSED' | 'EXPIRED';

/** A session as the org sees it: more than the API shows. */
export interface OrgSession {
  readonly id: string;
  readonly status: OrgSessionStatus;
  /** Milliseconds since the Unix epoch, by the org's clock; so are the others. */
  readonly created: number;
  readonly lastUpdated: number;
  readonly triggered: number | undefined;
  /** Bulk requests accepted. */
  readonly requests: number;
  /** Users, groups and pairs of memberships listed in them. */
  readonly items: number;
}

/** The rate-limit buckets: `token` is of the OAuth endpoint; session reads and writes share one, every other path has its own. */
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
  | 'token'
  | 'other';

/** One line of the org's log of requests. */
export interface LoggedRequest {
  /** Counts from 0, over all requests of the org. */
  readonly index: number;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly bucket: OrgBucket;
  /** The status answered, or what happened in its place. */
  readonly status: number | 'refused' | 'reset';
  /** Bytes of the request's body. */
  readonly bytes: number;
  /** Users, groups and pairs of memberships listed in it. */
  readonly items: number;
  /** The fault it met. */
  readonly fault: FaultKind | undefined;
  /** The request's body; only with `recordBodies`. */
  readonly body?: string;
}

/**
 * What can go wrong with a request:
 *
 * - `refuse`: the connection is refused; nothing was sent
 * - `resetBefore`, `resetAfter`: the connection is reset before, or after, the org acted
 * - `rateLimit`: 429; the bucket's window is used up (by others), until its reset
 * - `concurrencyLimit`: 429 with limit 0 and remaining 0
 * - `unavailable`: 503 with E0000010, the read-only mode
 * - `errorBefore`, `errorAfter`: 500 before, or after, the org acted
 * - `truncated`: the org acts, and its answer breaks off
 * - `html`: the org acts, and something in between answers with a page
 * - `slow`: the org acts, and answers late
 * - `unauthorized`, `notFound`: 401 and 404 in place of acting
 * - `sessionError`: start-import succeeds, and the session ends in ERROR with none or a part of it applied
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
  | 'unauthorized'
  | 'notFound'
  | 'sessionError';

/** One fault. */
export interface Fault {
  readonly kind: FaultKind;
  /** For `slow`: milliseconds until the answer. @defaultValue the option `slowMs` */
  readonly delayMs?: number;
  /** For `sessionError`: the share of the session's content that is still applied, 0 to 1. @defaultValue by seed */
  readonly applied?: number;
}
