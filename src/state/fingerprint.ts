import { hash } from 'node:crypto';
import {
  membershipKey,
  type Entity,
  type MembershipRecord,
  type Profile,
  type RecordOf,
  type UserRecord,
} from '../model.js';

/** Makes keyed fingerprints of records; see {@link createFingerprinter}. */
export interface Fingerprinter {
  /** 16 characters of 8 bits each. */
  of<E extends Entity>(entity: E, record: RecordOf[E]): string;
}

/** Bytes kept of a SHA-256 digest. */
const LENGTH = 16;

/**
 * Keyed 128-bit fingerprints of canonical content: the entity, its key, and every attribute's name and value, each
 * with its length before it, attributes in the order of their names. Equal fingerprints mean equal content whatever
 * order the attributes came in; without the key they tell nothing.
 */
export function createFingerprinter(key: string): Fingerprinter {
  const attributes = new AttributeOrder();
  return {
    of(entity, record) {
      if (entity === 'memberships') {
        const { groupExternalId, memberExternalId } = record as MembershipRecord;
        return digest(`${key}m${membershipKey(groupExternalId, memberExternalId)}`);
      }
      const { externalId, profile } = record as UserRecord;
      return digest(
        `${key}${entity === 'users' ? 'u' : 'g'}${externalId.length}:${externalId}${canonical(profile, attributes)}`,
      );
    },
  };
}

function canonical(profile: Profile, attributes: AttributeOrder): string {
  let text = '';
  for (const name of attributes.of(profile)) {
    const value = profile[name];
    // An absent length tells null from ''.
    text +=
      value === null || value === undefined
        ? `${name.length}:${name}-`
        : `${name.length}:${name}${value.length}:${value}`;
  }
  return text;
}

// A latin1 string of the digest costs half of a Buffer, and a prefixed key less than HMAC; truncation keeps the
// prefix safe from extension.
function digest(text: string): string {
  return hash('sha256', text, 'binary').slice(0, LENGTH);
}

/** Remembers the sorted names of the last shape: records of one source nearly all have the same. */
class AttributeOrder {
  #names: readonly string[] = [];
  #sorted: readonly string[] = [];

  of(profile: Profile): readonly string[] {
    const names = Object.keys(profile);
    if (!sameNames(names, this.#names)) {
      this.#names = names;
      this.#sorted = [...names].sort();
    }
    return this.#sorted;
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
