import type { Clock } from '../core/clock.js';
import type { Entity } from '../core/model.js';
import type { Rejection } from '../core/rejection.js';
import type { Difference } from '../core/verify-results.js';
import type { DirectoryClient } from '../okta/directory-client.js';
import type { OktaClient } from '../okta/wire.js';
import type { StateStore } from '../state/store.js';
import type { DirectoryOptions, DirectorySources } from '../sync/directory-changes.js';

/** Options of `verify`. */
export interface VerifyOptions
  extends DirectorySources, Pick<DirectoryOptions, 'validate' | 'onCreate' | 'uniqueLogins' | 'onDuplicate'> {
  /** A client of `createClient`. With `listSessions`, nothing counts as missing of an identity source that Okta does not know. */
  readonly okta: DirectoryClient & Partial<Pick<OktaClient, 'listSessions'>>;
  /** What Okta should have, unless there are sources; and the state that `repair` changes. */
  readonly state: StateStore;
  /**
   * `pages`: reads all users of the identity source in pages of 500, with Okta's Apps API. `single`: reads the expected users one by
   * one, which needs no other scope, but does not show who is deactivated, waits for confirmation, or is not ours.
   * @defaultValue 'pages'
   */
  readonly readUsers?: 'pages' | 'single';
  /** Reads only this many groups with their members, and users if they are read one by one; chosen at random. @defaultValue all */
  readonly sample?: number;
  /**
   * Makes the rows of the state that are missing or differ at Okta unknown, so that the next sync sends them again. Deactivated users
   * stay as they are, because an administrator may have deactivated them. @defaultValue false
   */
  readonly repair?: boolean;
  /** Called with every difference. */
  readonly onDifference?: (difference: Difference) => void;
  /** Called with every rejected record of the sources. */
  readonly onReject?: (rejection: Rejection) => void;
  /** Called with the number of entities read so far. */
  readonly onProgress?: (entity: Entity, read: number) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Numbers from 0 to 1, for the sample. @defaultValue `Math.random` */
  readonly random?: () => number;
}
