/**
 * The limits of Okta's Identity Sources API, from its API description or from the Anything-as-a-Source guide. Lengths
 * are in UTF-16 code units, like JSON Schema's `maxLength` for the text that the service supports.
 * @example
 * for (let at = 0; at < ids.length; at += LIMITS.itemsPerRequest)
 *   await okta.deleteUsers(sessionId, ids.slice(at, at + LIMITS.itemsPerRequest));
 */
export const LIMITS = Object.freeze({
  /** "Array of profiles ..." `maxItems: 200`: items of one bulk request. */
  itemsPerRequest: 200,
  /** The guide allows 200 KB per bulk request and does not define KB; the smaller meaning is safe for both. */
  bytesPerRequest: 200_000,
  /** "A maximum of 50 bulk requests per identity source session", of all kinds together. */
  requestsPerSession: 50,
  /** A session cannot be created within five minutes of triggering an active session of the same source. */
  sessionCooldownMs: 5 * 60_000,
  /** Okta's own tests of this API wait about a minute instead. */
  shortSessionCooldownMs: 60_000,
  /** A CREATED or IN_PROGRESS session expires after 24 hours without a request. */
  sessionExpiryMs: 24 * 60 * 60_000,
  /** `externalId` of a user: `maxLength: 512`. */
  userExternalIdLength: 512,
  /** `externalId` of a group: `maxLength: 255`. */
  groupExternalIdLength: 255,
  /** The id of a member in a membership: `maxLength: 255`. */
  memberExternalIdLength: 255,
  /** The attributes of a user profile that the API description constrains; all others are strings without a limit. */
  userProfile: Object.freeze({
    userName: Object.freeze({ min: 1, max: 100, nullable: false }),
    email: Object.freeze({ min: 5, max: 100, nullable: false }),
    secondEmail: Object.freeze({ min: 5, max: 100, nullable: false }),
    firstName: Object.freeze({ min: 1, max: 50, nullable: true }),
    lastName: Object.freeze({ min: 1, max: 50, nullable: true }),
    mobilePhone: Object.freeze({ min: 0, max: 100, nullable: true }),
    homeAddress: Object.freeze({ min: 0, max: 4096, nullable: true }),
  }),
  /** Attributes of a group profile. */
  groupProfile: Object.freeze({
    displayName: Object.freeze({ min: 1, max: 255, nullable: false }),
    description: Object.freeze({ min: 0, max: 1024, nullable: true }),
  }),
});

/** The constraint on one attribute. */
export interface AttributeLimit {
  readonly min: number;
  readonly max: number;
  readonly nullable: boolean;
}
