/**
 * The limits of the API, as the simulator enforces them. They are deliberately repeated here: a wrong number in the client
 * must not appear in the simulator as well.
 */

/** "maxItems: 200": entries of one bulk request. */
export const MAX_ITEMS = 200;
/** 200 KB per bulk request, with the smaller meaning of KB. */
export const MAX_BYTES = 200_000;
/** Bulk requests of one session, of all kinds together. */
export const MAX_REQUESTS = 50;
/** Members on one page of a group's memberships. */
export const MAX_PAGE = 1000;
/** Users and groups on one page of the Apps and Groups API. */
export const MAX_LIST_PAGE = 500;
/** The attributes that a new user must have. */
export const REQUIRED_ATTRIBUTES: readonly string[] = Object.freeze(['userName', 'email']);

/** The rule for a string. */
export interface TextRule {
  readonly min: number;
  readonly max: number;
  readonly nullable: boolean;
}

const text = (min: number, max: number, nullable = false): TextRule => Object.freeze({ min, max, nullable });

/** `externalId` of a user. */
export const USER_ID = text(1, 512);
/** `externalId` of a group, and a group's or member's id inside a membership. */
export const GROUP_ID = text(1, 255);
export const MEMBER_ID = text(1, 255);

/** Attributes that the API description constrains; all others are null or strings of any length. */
export const USER_PROFILE: ReadonlyMap<string, TextRule> = new Map([
  ['userName', text(0, 100)],
  ['email', text(5, 100)],
  ['secondEmail', text(5, 100)],
  ['firstName', text(1, 50, true)],
  ['lastName', text(1, 50, true)],
  ['mobilePhone', text(0, 100, true)],
  ['homeAddress', text(0, 4096, true)],
]);

export const GROUP_PROFILE: ReadonlyMap<string, TextRule> = new Map([
  ['displayName', text(1, 255)],
  ['description', text(0, 1024, true)],
]);

/** The error codes of Okta that the simulator uses, and their summaries. */
export const ERROR_SUMMARIES = Object.freeze({
  E0000001: 'Api validation failed',
  E0000003: 'The request body was not well-formed.',
  E0000006: 'You do not have permission to perform the requested action',
  E0000007: 'Not found: Resource not found',
  E0000009: 'Internal Server Error',
  E0000010: 'Service is in read only mode',
  E0000011: 'Invalid token provided',
  E0000022: 'The endpoint does not support the provided HTTP method',
  E0000047: 'API call exceeded rate limit due to too many requests.',
});

/** "The expiration must be no more than one hour in the future": of a client assertion. */
export const MAX_ASSERTION_S = 3600;
/** The access tokens of service apps in Okta are valid for an hour. */
export const TOKEN_MS = 60 * 60_000;
/** "The nonce is valid for 24 hours." */
export const NONCE_MS = 24 * 60 * 60_000;
/** How far the time of a proof may be in the past, and how far the time of a proof or assertion may be in the future. */
export const MAX_PROOF_AGE_S = 300;
export const MAX_AHEAD_S = 60;

/** An error code of the simulator. */
export type ErrorCode = keyof typeof ERROR_SUMMARIES;
