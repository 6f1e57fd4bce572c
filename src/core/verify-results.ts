import type { Entity } from './model.js';

/** How an entity at Okta differs from what is expected. */
export type DifferenceStatus =
  /** Okta does not have it. */
  | 'missing'
  /** Okta has it with other values. */
  | 'differing'
  /** Okta has the user, but not as an active one. */
  | 'deactivated'
  /** The user was imported and waits for an administrator's confirmation. */
  | 'unconfirmed'
  /** Okta has it, and nobody expects it: somebody who left, or who was made by hand. */
  | 'foreign'
  /** The state does not know what Okta has, because the outcome of the last upload is unknown; the next sync sends it again. */
  | 'unknown';

/** Every {@link DifferenceStatus}, in the order of reports. */
export const DIFFERENCE_STATUSES: readonly DifferenceStatus[] = Object.freeze([
  'missing',
  'differing',
  'deactivated',
  'unconfirmed',
  'foreign',
  'unknown',
]);

/** One entity that differs. It contains ids and names of attributes, but no values. */
export interface Difference {
  readonly entity: Entity;
  readonly status: DifferenceStatus;
  /** The external id of the user or group; for a membership, that of the group. Undefined if Okta shows none. */
  readonly externalId: string | undefined;
  /** For a membership, the external id of the user. */
  readonly memberExternalId?: string;
  /** For `differing`, the names of the attributes. Empty if they are not known. */
  readonly attributes: readonly string[];
  /** Okta's own id, for `foreign` users and groups. */
  readonly oktaId?: string;
}

/** The number of entities that are the same at Okta, and of those that are not. */
export type VerifyCounts = Readonly<Record<'same' | DifferenceStatus, number>>;

/** Imports that the state does not know: another program writes to the identity source, or the state is a copy of an older day. */
export interface LaterImports {
  readonly users: number;
  /** The last of these imports. */
  readonly newest: Date;
  /** When the last import of the state had ended. */
  readonly endedAt: Date;
}

/** The result of `verify`. */
export interface VerifyReport {
  readonly counts: Readonly<Record<Entity, VerifyCounts>>;
  /** All that is not the same. */
  readonly differences: number;
  /** The first twenty differences. */
  readonly examples: readonly Difference[];
  /** `pages`: all users. `single`: only expected users, one by one; Okta then does not show who is deactivated or foreign. */
  readonly readUsers: 'pages' | 'single';
  /** The most groups (and users, if they are read one by one) that were read; undefined for all. */
  readonly sample: number | undefined;
  /** Rows of the state that are unknown from now on, so that the next sync sends them again. */
  readonly repaired: number;
  /** Sessions in flight: what they send may count as a difference until the next sync has settled them. */
  readonly inFlight: number;
  /** Rejected records of the sources; they are compared with nothing. */
  readonly rejected: number;
  /**
   * Users whom Okta imported after the last import of the state; undefined if there are none, or if it is not known. Only for the pages of
   * users, and only if no import was in flight and no row unknown at the end of the last sync.
   */
  readonly importedLater?: LaterImports | undefined;
  /** Lists that Okta refused, with the reason. What they would have shown is not in the counts. */
  readonly notes: readonly string[];
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** The id of a difference for messages; for a membership `group/member`. */
export function differenceId({ externalId, memberExternalId, oktaId }: Difference): string {
  if (externalId === undefined) return oktaId === undefined ? '(without an id)' : `Okta id ${oktaId}`;
  return memberExternalId === undefined ? externalId : `${externalId}/${memberExternalId}`;
}
