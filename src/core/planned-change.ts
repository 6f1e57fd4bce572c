import type { Entity } from './model.js';

/**
 * Why a plan contains a change:
 *
 * - `new`: the source has it, and Okta does not
 * - `differs`: the source has other content than Okta confirmed
 * - `unknown`: it is sent again, because it is not known whether Okta has it
 * - `missing`: a complete read of the source did not have it any more
 * - `leftOut`: the source has it, and a condition of the mapping left it out, such as that of people who left
 * - `removed`: the feed of changes marks it as removed
 */
export type PlannedReason = 'new' | 'differs' | 'unknown' | 'missing' | 'leftOut' | 'removed';

/** One change of a plan: whom or what it concerns, and why. It has no profile values. */
export interface PlannedChange {
  readonly entity: Entity;
  readonly action: 'create' | 'update' | 'delete';
  /** For a membership, the id of the group. */
  readonly externalId: string;
  /** For a membership, the id of the user. */
  readonly memberExternalId?: string;
  readonly reason: PlannedReason;
  /** For an update of a user or group, the names of the attributes that differ, if they are known. */
  readonly changedAttributes?: readonly string[];
}

const WORDS: Readonly<Record<PlannedReason, string>> = {
  new: 'new in the source',
  differs: 'differs from what Okta confirmed',
  unknown: 'sent again, because it is not known whether Okta has it',
  missing: 'not in the source any more',
  leftOut: 'left out by a condition',
  removed: 'marked as removed in the source',
};

/** The reason in words. */
export function describeReason(reason: PlannedReason): string {
  return WORDS[reason];
}

/** The id for people; for a membership `group/member`. */
export function plannedId({ externalId, memberExternalId }: PlannedChange): string {
  return memberExternalId === undefined ? externalId : `${externalId}/${memberExternalId}`;
}
