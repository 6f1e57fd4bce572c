import type { Reading } from '../state/store.js';

/** Ids of users and of groups. */
export interface ReferenceIds {
  readonly users: Set<string>;
  readonly groups: Set<string>;
}

/** What the diffs of users and groups found, for the diff of memberships that comes after them, and what that found for them. */
export interface RunReferences {
  /** They are sent as new, so each of their memberships is sent, also one that the baseline holds. */
  readonly created: ReferenceIds;
  /** Removed by a delta feed. Of a complete read, the reading itself knows what is missing. */
  readonly removedByFeed: ReferenceIds;
  /** Groups that are missing from their source, and of which a membership must not be deleted. */
  readonly keptGroups: Set<string>;
}

const REFERENCES = new WeakMap<Reading, RunReferences>();

/** Those of the diffs that share a reading, made on first use. */
export function runReferences(reading: Reading): RunReferences {
  let references = REFERENCES.get(reading);
  if (references === undefined) {
    const none = (): ReferenceIds => ({ users: new Set(), groups: new Set() });
    references = { created: none(), removedByFeed: none(), keptGroups: new Set() };
    REFERENCES.set(reading, references);
  }
  return references;
}
