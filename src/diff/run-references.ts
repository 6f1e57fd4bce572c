import { NamedReferences } from '../core/named-references.js';
import type { Reading } from '../state/store.js';

/** Ids of users and of groups. */
export interface ReferenceIds {
  readonly users: Set<string>;
  readonly groups: Set<string>;
}

/** The users and groups that matter for the diff of memberships, which comes after the diffs of users and groups. */
export interface RunReferences {
  /**
   * Users and groups that are sent as new. All their memberships are sent, also those that the baseline contains. Empty if the
   * baseline contains no membership.
   */
  readonly created: ReferenceIds;
  /** Users and groups that a delta feed removes. After a complete read, `Reading.missing` returns the removed ones. */
  readonly removedByFeed: ReferenceIds;
  /** Users and groups that a condition of the mapping leaves out, and that must not be deleted yet. */
  readonly leftOut: ReferenceIds;
  /** Groups that are missing from their source, and of which a membership must not be deleted. */
  readonly keptGroups: Set<string>;
  /** Groups that lose a member who gets another membership. They are deleted after that. */
  readonly leftByMovers: Set<string>;
  /** New users who were compared, and are not sent because somebody else has their login. */
  readonly withoutLogin: Set<string>;
  /** New users whose login the users of the baseline with these ids have, and who get another form of it. */
  readonly namesakes: Map<string, readonly string[]>;
  /** New users who are sent in a later session than other users. */
  readonly late: Set<string>;
  /** New users and groups that are not sent because Okta refused them in an earlier run. */
  readonly refused: NamedReferences;
}

const REFERENCES = new WeakMap<Reading, RunReferences>();

/** The references of all diffs that share a reading. The first call creates them. */
export function runReferences(reading: Reading): RunReferences {
  let references = REFERENCES.get(reading);
  if (references === undefined) {
    const none = (): ReferenceIds => ({ users: new Set(), groups: new Set() });
    references = {
      created: none(),
      removedByFeed: none(),
      leftOut: none(),
      keptGroups: new Set(),
      leftByMovers: new Set(),
      withoutLogin: new Set(),
      namesakes: new Map(),
      late: new Set(),
      refused: new NamedReferences(),
    };
    REFERENCES.set(reading, references);
  }
  return references;
}
