import { LIMITS } from '../core/limits.js';
import type { Fingerprint, GroupRecord, UserRecord } from '../core/model.js';
import { AttributeFingerprints } from './attribute-fingerprints.js';
import { createDigester, type Digester } from './digests.js';

const ATTRIBUTES = [...Object.keys(LIMITS.userProfile), ...Object.keys(LIMITS.groupProfile)];

/** Compares users and groups of Okta with the fingerprints of what was sent. */
export class RecordDifferences {
  readonly #digester: Digester;
  readonly #attributes: AttributeFingerprints;

  constructor(fingerprintKey: string) {
    this.#digester = createDigester(fingerprintKey);
    this.#attributes = new AttributeFingerprints(fingerprintKey);
    // So that an attribute that Okta lacks has a name.
    this.#attributes.of(Object.fromEntries(ATTRIBUTES.map((name) => [name, null])));
  }

  /**
   * The names of the attributes that were sent and differ at Okta; undefined if the record is the same. Attributes that Okta adds do
   * not count.
   */
  of(
    entity: 'users' | 'groups',
    found: UserRecord | GroupRecord,
    { digest, attributes }: Fingerprint,
  ): readonly string[] | undefined {
    if (this.#digester.of(entity, found) === digest) return undefined;
    // Without fingerprints of attributes, what Okta added itself cannot be told from what differs.
    if (attributes === '') return [];
    const names = this.#attributes.differing(attributes, found.profile);
    return names.length === 0 ? undefined : names;
  }
}
