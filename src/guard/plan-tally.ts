import { createHash, createHmac } from 'node:crypto';
import { ENTITIES, type Change, type Entity } from '../core/model.js';
import type { AttributeChanges, KindCounts } from '../core/results.js';

const MOST_ATTRIBUTES = 20;
const COUNTED_ATTRIBUTES = 10_000;

interface MutableCounts {
  creates: number;
  updates: number;
  deletes: number;
}

/** Parts of the source that are not in the plan because of faults. */
export interface Withheld {
  readonly rejected: number;
  readonly heldBackDeletes: number;
}

/** Counts the changes of a plan, and computes its hash, which does not depend on their order. */
export class PlanTally {
  readonly #counts: Record<Entity, MutableCounts> = {
    users: { creates: 0, updates: 0, deletes: 0 },
    groups: { creates: 0, updates: 0, deletes: 0 },
    memberships: { creates: 0, updates: 0, deletes: 0 },
  };
  /** For the upserts and deletes of each entity, the sums of the four words of all digests. A sum does not depend on the order. */
  readonly #sums = new Uint32Array(ENTITIES.length * 2 * 4);

  readonly #attributes = new Map<
    string,
    { readonly entity: Entity; readonly attribute: string; updates: number }
  >();

  /** The number of changes. */
  size = 0;

  add(change: Change): void {
    this.size++;
    if (change.changed !== undefined) this.#countAttributes(change.entity, change.changed);
    const counts = this.#counts[change.entity];
    if (change.kind === 'delete') counts.deletes++;
    else if (change.created) counts.creates++;
    else counts.updates++;
    // The digest of a fingerprint covers entity, key and content.
    const digest = change.fingerprint?.digest ?? digestOf(`${change.entity}\n${change.key}`);
    const at = (ENTITIES.indexOf(change.entity) * 2 + (change.kind === 'delete' ? 1 : 0)) * 4;
    for (let word = 0; word < 4; word++) {
      const value = wordOf(digest, word * 4);
      this.#sums[at + word] = (this.#sums[at + word] ?? 0) + value;
    }
  }

  /** The attributes that change in the most updates, sorted by their number. */
  changedAttributes(): AttributeChanges[] {
    return Array.from(this.#attributes.values())
      .sort((a, b) => b.updates - a.updates || (a.attribute < b.attribute ? -1 : 1))
      .slice(0, MOST_ATTRIBUTES);
  }

  #countAttributes(entity: Entity, names: readonly string[]): void {
    for (const name of names) {
      const id = `${entity} ${name}`;
      const known = this.#attributes.get(id);
      if (known !== undefined) known.updates++;
      // The names come from the source. Their number is limited, so that a source with very many names needs little memory.
      else if (this.#attributes.size < COUNTED_ATTRIBUTES)
        this.#attributes.set(id, { entity, attribute: name, updates: 1 });
    }
  }

  get counts(): Readonly<Record<Entity, KindCounts>> {
    return this.#counts;
  }

  /**
   * The hash of the plan in hexadecimal. Equal sets of changes of one state have equal hashes, if equal numbers of records and
   * deletions are withheld.
   *
   * @param stateKey - the key of the state's fingerprints: an approval for one state is not valid for another
   */
  hash(stateKey: string, withheld: Readonly<Record<Entity, Withheld>>): string {
    return createHmac('sha256', stateKey)
      .update(JSON.stringify([this.#counts, withheld]))
      .update(this.#sums)
      .digest('hex');
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('binary');
}

function wordOf(digest: string, at: number): number {
  return (
    ((digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3)) >>>
    0
  );
}
