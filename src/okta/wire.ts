import type { GroupRecord, MembershipRecord, UserRecord } from '../core/model.js';

/** Okta's states of an identity source session. */
export type SessionStatus =
  'CREATED' | 'IN_PROGRESS' | 'TRIGGERED' | 'COMPLETED' | 'ERROR' | 'CLOSED' | 'EXPIRED';

/** An identity source session, as Okta shows it. */
export interface Session {
  readonly id: string;
  readonly identitySourceId: string | undefined;
  /** As Okta says it: it may be one that is not known here. */
  readonly status: SessionStatus | (string & {});
  readonly importType: string | undefined;
  /** ISO date-time. */
  readonly created: string | undefined;
  /** ISO date-time. */
  readonly lastUpdated: string | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Ends the call; it then rejects with `ERR_ROLLCALL_ABORTED`, or, once the request may have been acted on, with an `OktaNetworkError` whose `sent` is true. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds for which a request that was certainly not acted on (it never left, 429, read-only mode) is sent again,
   * from the first such failure of the call. Without it, it is sent as often as the client's `maxAttempts` says.
   */
  readonly patienceMs?: number;
  /** Told before each wait of this call. What it throws is ignored. */
  readonly onWait?: (wait: ClientWait) => void;
}

/** A wait of the client, for progress displays. */
export interface ClientWait {
  readonly reason: 'rate-limit' | 'back-off';
  /** End of the wait by the local clock, in milliseconds since the epoch. */
  readonly until: number;
  /** Okta's operationId. */
  readonly operation: string;
}

/** A body that was encoded before: what `batch` made. Sent as it is. */
export interface EncodedBody {
  readonly body: string;
}

/** Some members of one group. */
export interface GroupMembers {
  readonly groupExternalId: string;
  readonly memberExternalIds: readonly string[];
}

/**
 * The eleven operations of Okta's Identity Sources API. Every call keeps to Okta's rate limits, and sends again
 * only what was certainly not acted on (or what can be repeated without harm); a call whose answer was lost throws.
 * A client of one's own keeps to the same: what it throws as not acted on ends the run.
 */
export interface OktaClient {
  /** The org's origin. */
  readonly orgUrl: string;
  readonly identitySourceId: string;
  /** The `Date` of Okta's latest answer, in milliseconds; undefined before the first. */
  serverDate(): number | undefined;
  /** Okta's `createIdentitySourceSession`. */
  createSession(options?: CallOptions): Promise<Session>;
  /** Okta's `listIdentitySourceSessions`: the active sessions. */
  listSessions(options?: CallOptions): Promise<readonly Session[]>;
  /** Okta's `getIdentitySourceSession`. `undefined` when Okta does not know the session. */
  getSession(sessionId: string, options?: CallOptions): Promise<Session | undefined>;
  /** Okta's `deleteIdentitySourceSession`: cancels a session that is CREATED or IN_PROGRESS. */
  deleteSession(sessionId: string, options?: CallOptions): Promise<void>;
  /** Okta's `startImportFromIdentitySource`. */
  startImport(sessionId: string, options?: CallOptions): Promise<Session>;
  /** Okta's `uploadIdentitySourceDataForUpsert`. */
  upsertUsers(
    sessionId: string,
    users: readonly UserRecord[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Okta's `uploadIdentitySourceDataForDelete`: deactivates users. */
  deleteUsers(
    sessionId: string,
    externalIds: readonly string[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Okta's `uploadIdentitySourceGroupsForUpsert`. */
  upsertGroups(
    sessionId: string,
    groups: readonly GroupRecord[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Okta's `uploadIdentitySourceGroupsDataForDelete`. */
  deleteGroups(
    sessionId: string,
    externalIds: readonly string[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Okta's `uploadIdentitySourceGroupMembershipsForUpsert`. */
  upsertMemberships(
    sessionId: string,
    members: readonly GroupMembers[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Okta's `uploadIdentitySourceGroupMembershipsForDelete`. */
  deleteMemberships(
    sessionId: string,
    members: readonly GroupMembers[] | EncodedBody,
    options?: CallOptions,
  ): Promise<void>;
  /** Closes the connections. Calls under way are ended. */
  close(): Promise<void>;
}

/** One HTTP request, as a {@link Transport} sends it. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Absolute URL. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** `''` for a POST without content, which still carries `Content-Length: 0`; undefined for GET and DELETE. */
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One HTTP answer. */
export interface WireResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Sends one request once. Rejects with {@link TransportError} when no whole answer came. */
export type Transport = (request: WireRequest) => Promise<WireResponse>;

/** Why a transport has no answer. */
export class TransportError extends Error {
  /** False when the request certainly never reached the server. */
  readonly sent: boolean;
  constructor(reason: string, sent: boolean) {
    super(reason);
    this.name = 'TransportError';
    this.sent = sent;
  }
}

export type { GroupRecord, MembershipRecord, UserRecord };
