import type { GroupRecord, MembershipRecord, UserRecord } from '../core/model.js';

/** Okta's states of an identity source session. */
export type SessionStatus =
  'CREATED' | 'IN_PROGRESS' | 'TRIGGERED' | 'COMPLETED' | 'ERROR' | 'CLOSED' | 'EXPIRED';

/** An identity source session, as Okta returns it. */
export interface Session {
  readonly id: string;
  readonly identitySourceId: string | undefined;
  /** The status that Okta returned; it may be one that this type does not list. */
  readonly status: SessionStatus | (string & {});
  readonly importType: string | undefined;
  /** ISO date-time. */
  readonly created: string | undefined;
  /** ISO date-time. */
  readonly lastUpdated: string | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /**
   * Aborts the call. It rejects with `ERR_ROLLCALL_ABORTED`, or, if Okta may have acted on the request, with an
   * `OktaNetworkError` whose `sent` is true.
   */
  readonly signal?: AbortSignal;
  /**
   * For how many milliseconds a request is repeated on which Okta certainly did not act (it never left, 429, read-only mode),
   * counted from the first such failure of the call. @defaultValue no time limit: at most the client's `maxAttempts`
   */
  readonly patienceMs?: number;
  /**
   * `poll` for a request that can wait: it leaves the last four requests of our share of a rate-limit window to other calls, and
   * waits for the next window instead. @defaultValue `'normal'`
   */
  readonly urgency?: 'normal' | 'poll';
  /** Called before each wait of this call. An error that it throws is ignored. */
  readonly onWait?: (wait: ClientWait) => void;
}

/** A wait of the client, for progress displays. */
export interface ClientWait {
  readonly reason: 'rate-limit' | 'read-only' | 'back-off';
  /** End of the wait by the local clock, in milliseconds since the epoch. */
  readonly until: number;
  /** Okta's operationId. */
  readonly operation: string;
}

/** A body that is already encoded, such as one that `batch` made. It is sent unchanged. */
export interface EncodedBody {
  readonly body: string;
}

/** Some members of one group. */
export interface GroupMembers {
  readonly groupExternalId: string;
  readonly memberExternalIds: readonly string[];
}

/**
 * The eleven operations of sessions of Okta's Identity Sources API; `DirectoryClient` has the others. Every call keeps to Okta's rate limits. A request is repeated only if
 * Okta certainly did not act on it, or if it is a GET; otherwise a call whose response was lost throws.
 *
 * If you write your own client, it must do the same, because a run ends with every error that says that Okta did not act on
 * the request.
 */
export interface OktaClient {
  /** The org's origin. */
  readonly orgUrl: string;
  readonly identitySourceId: string;
  /**
   * The time at Okta in milliseconds since the epoch: the `Date` of its latest response, and the time since. Undefined before the first
   * response.
   */
  serverDate(): number | undefined;
  /**
   * The calls of {@link getSession} with the urgency `poll` that one rate-limit window of `/sessions` allows, by Okta's headers and the
   * client's `rateLimitShare`; undefined before the first response. Without this method, the polls of a run follow its
   * `pollIntervalMs` alone.
   */
  pollsPerWindow?(): number | undefined;
  /** Okta's `createIdentitySourceSession`. */
  createSession(options?: CallOptions): Promise<Session>;
  /** Okta's `listIdentitySourceSessions`: the active sessions. */
  listSessions(options?: CallOptions): Promise<readonly Session[]>;
  /** Okta's `getIdentitySourceSession`. Returns undefined if Okta does not know the session. */
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
  /** Closes the connections and aborts the calls in progress. */
  close(): Promise<void>;
}

/** One HTTP request, as a {@link Transport} sends it. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute URL. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** `''` for a POST without content, which still carries `Content-Length: 0`; undefined for GET and DELETE. */
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One HTTP response. */
export interface WireResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Sends one request once. Rejects with {@link TransportError} if there is no complete response. */
export type Transport = (request: WireRequest) => Promise<WireResponse>;

/**
 * The error of a transport that has no complete response.
 * @example
 * const transport: Transport = () => Promise.reject(new TransportError('the cable is out', false));
 */
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
