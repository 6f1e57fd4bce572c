import { createHash } from 'node:crypto';
import { ENTITIES, type Change, type Entity } from '../core/model.js';
import type { AttributeChanges, KindCounts } from '../core/results.js';

const MOST_ATTRIBUTES = 20;
const COUNTED_ATTRIBUTES = 10_000;

interface MutableCounts {
  creates: number;
  updates: number;
  deletes: number;
}

/** Counts a plan and names it by a hash that does not depend on the order of its changes. */
export class PlanTally {
  readonly #counts: Record<Entity, MutableCounts> = {
    users: { creates: 0, updates: 0, deletes: 0 },
    groups: { creates: 0, updates: 0, deletes: 0 },
    memberships: { creates: 0, updates: 0, deletes: 0 },
  };
  /** Sums of 128-bit digests, word by word, of each entity's upserts and deletes: a hash of a multiset. */
  readonly #sums = new Uint32Array(ENTITIES.length * 2 * 4);

  readonly #attributes = new Map<
    string,
    { readonly entity: Entity; readonly attribute: string; updates: number }
  >();

  /** Changes counted. */
  size = 0;

  add(change: Change): void {
    this.size++;
    if (change.changed !== undefined) this.#countAttributes(change.entity, change.changed);
    const counts = this.#counts[change.entity];
    if (change.kind === 'delete') counts.deletes++;
    else if (change.created) counts.creates++;
    else counts.updates++;
    // That of a fingerprint is a keyed digest of entity, key and content already.
    const digest = change.fingerprint?.digest ?? digestOf(`${change.entity}\n${change.key}`);
    const at = (ENTITIES.indexOf(change.entity) * 2 + (change.kind === 'delete' ? 1 : 0)) * 4;
    for (let word = 0; word < 4; word++) {
      const value = wordOf(digest, word * 4);
      this.#sums[at + word] = (this.#sums[at + word] ?? 0) + value;
    }
  }

  /** The attributes that differ in most updates, most first. */
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
      // Names come from the source and may be many: a plan of changed names must not fill the memory.
      else if (this.#attributes.size < COUNTED_ATTRIBUTES)
        this.#attributes.set(id, { entity, attribute: name, updates: 1 });
    }
  }

  get counts(): Readonly<Record<Entity, KindCounts>> {
    return this.#counts;
  }

  /** Hexadecimal; the same for the same set of changes. */
  hash(): string {
    return createHash('sha256').update(JSON.stringify(this.#counts)).update(this.#sums).digest('hex');
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
