import { encodeItem, type Change, type Entity, type RecordOf, type UserRecord } from '../core/model.js';
import type { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import type { Held } from '../state/store.js';

/** A record that is created or updated. */
interface Upserted<E extends Entity> {
  readonly key: string;
  /** As it is compared. */
  readonly record: RecordOf[E];
  /** The same with the attributes that are sent at its creation only, if it is created. */
  readonly sent: RecordOf[E];
  readonly digest: string;
  readonly created: boolean;
}

/** Makes the upserts of one entity from records that differ from the baseline. */
export class ChangeMaker<E extends Entity> {
  readonly #entity: E;
  readonly #attributes: AttributeFingerprints;

  constructor(entity: E, attributes: AttributeFingerprints) {
    this.#entity = entity;
    this.#attributes = attributes;
  }

  /** @param before - the row of the baseline */
  change({ key, record, sent, digest, created }: Upserted<E>, before: Held | undefined): Change {
    const { item, group } = encodeItem(this.#entity, sent);
    return {
      entity: this.#entity,
      kind: 'upsert',
      key,
      item,
      group,
      fingerprint: { digest, attributes: this.#attributesOf(record) },
      created,
      changed: this.#changedAttributes(record, before),
      dependent: false,
    };
  }

  /** The names of the attributes that lost their text. */
  emptied({ changed }: Change, record: RecordOf[E], before: Held | undefined): readonly string[] {
    if (changed === undefined || before?.kind !== 'confirmed') return [];
    return this.#attributes.emptied(before.fingerprint.attributes, (record as UserRecord).profile, changed);
  }

  #attributesOf(record: RecordOf[E]): string {
    if (this.#entity === 'memberships') return '';
    const { profile } = record as UserRecord;
    return this.#entity === 'users' ? this.#attributes.ofUser(profile) : this.#attributes.of(profile);
  }

  /** The names of the attributes that changed; undefined if their fingerprints are not known. */
  #changedAttributes(record: RecordOf[E], before: Held | undefined): readonly string[] | undefined {
    if (before?.kind !== 'confirmed' || before.fingerprint.attributes === '') return undefined;
    return this.#attributes.changed(before.fingerprint.attributes, (record as UserRecord).profile);
  }
}
