import type { Entity, GroupRecord, RecordOf, UserRecord } from '../core/model.js';
import { createDigester, type Digester } from '../fingerprints/digests.js';
import { RecordDifferences } from '../fingerprints/record-differences.js';
import type { Held, Reading, StateStore } from '../state/store.js';
import type { Repair } from './repair.js';
import type { VerifyTally } from './verify-tally.js';

const DIGEST_WORDS = 4;

/** Compares entities of Okta with the expected rows by their fingerprints, and counts the result. */
export class Comparison {
  readonly #digester: Digester;
  readonly #differences: RecordDifferences;

  constructor(
    expected: StateStore,
    readonly reading: Reading,
    readonly tally: VerifyTally,
    readonly repair: Repair | undefined,
  ) {
    this.#digester = createDigester(expected.fingerprintKey);
    this.#differences = new RecordDifferences(expected.fingerprintKey);
  }

  /** The codes of the reading for these records. */
  async codes<E extends Entity>(
    entity: E,
    records: readonly RecordOf[E][],
    keyAt: (place: number) => string,
  ): Promise<Uint8Array> {
    const digests = this.#digester.ofEach(entity, records).subarray(0, records.length * DIGEST_WORDS);
    return this.reading.compare(entity, digests, keyAt);
  }

  /** Counts a record of Okta whose row is known. */
  async known(entity: 'users' | 'groups', record: UserRecord | GroupRecord, held: Held): Promise<void> {
    if (held.kind === 'unknown') return this.tally.differs(entity, record.externalId, 'unknown');
    const names = this.#differences.of(entity, record, held.fingerprint);
    if (names === undefined) return this.tally.same(entity);
    this.tally.differs(entity, record.externalId, 'differing', names);
    await this.repair?.doubt(entity, record.externalId);
  }

  /** Counts an expected row that Okta does not have. */
  async missing(entity: Entity, key: string, held: Held | undefined): Promise<void> {
    if (held?.kind === 'unknown') return this.tally.differs(entity, key, 'unknown');
    this.tally.differs(entity, key, 'missing');
    await this.repair?.doubtMissing(entity, key);
  }

  /** Counts the expected rows of an entity that were not compared. @param isRead - false for a row that was not asked for */
  async notSeen(entity: Entity, isRead: (key: string) => boolean = () => true): Promise<void> {
    for await (const chunk of this.reading.missing(entity)) {
      const keys = chunk.filter(isRead);
      const held = await this.reading.held(entity, keys);
      for (const [i, key] of keys.entries()) await this.missing(entity, key, held[i]);
    }
  }
}
