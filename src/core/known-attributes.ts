import type { Change, Profile } from './model.js';
import { LIMITS, type AttributeLimit } from './limits.js';

/** Reported in place of an attribute that left a record and whose name is not known: only its fingerprint is. */
export const UNNAMED_ATTRIBUTE = '(removed)';

/** Users or groups, the entities that have attributes. */
export type ProfileEntity = 'users' | 'groups';

/** The most names that are remembered. No schema has as many, and the names come from the source. */
const MOST_NAMES = 1000;

/**
 * The attributes that a source is known to set, and those that must not be cleared.
 *
 * Okta does not document whether it keeps or clears an attribute that an upsert leaves out. So an upsert names every attribute that Okta
 * may have from this source, and what the record lacks is null: {@link cleared}. An attribute that the source never set is not named,
 * because others may have written it.
 */
export class KnownAttributes {
  /** Attributes for which Okta does not accept null. */
  readonly #notNullable: Set<string>;
  /** Attributes that the option `neverClear` names. */
  readonly #neverCleared = new Set<string>();
  /** Those that earlier runs set. */
  #earlier: ReadonlySet<string> = new Set();
  readonly #names = new Set<string>();
  /** Bytes of the JSON that clears all of them. */
  #nullBytes = 0;
  /** The names of the last profile, which nearly all profiles of a source have. */
  #last: readonly string[] = [];
  /** True if the state has the same names. */
  isStored = true;
  /** False if earlier runs may have set attributes whose names are not known, as those of a version that did not store them. */
  isComplete = true;

  constructor(entity: ProfileEntity) {
    const limits = Object.entries<AttributeLimit>(
      entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile,
    );
    this.#notNullable = new Set(limits.filter(([, { nullable }]) => !nullable).map(([name]) => name));
  }

  /** The attributes that the source sets, in the order in which they were found. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  /** Sets the names that the state has. */
  load(names: readonly string[], isComplete: boolean): void {
    this.#earlier = new Set(names);
    for (const name of names) this.#names.add(name);
    this.#nullBytes = names.reduce((sum, name) => sum + Buffer.byteLength(nullOf(name)) + 1, 0);
    this.isComplete = isComplete;
  }

  /** Takes the names as complete: all records of the source were seen. */
  complete(): void {
    this.isComplete = true;
    this.isStored = false;
    this.#earlier = new Set(this.#names);
  }

  /** Adds the attributes of a profile that have a value. */
  add(profile: Profile): void {
    const names = Object.keys(profile).filter((name) => profile[name] !== null);
    if (names.length === this.#last.length && names.every((name, i) => name === this.#last[i])) return;
    this.#last = names;
    for (const name of names) {
      if (this.#names.has(name) || this.#names.size >= MOST_NAMES) continue;
      this.#names.add(name);
      this.#nullBytes += Buffer.byteLength(nullOf(name)) + 1;
      this.isStored = false;
    }
  }

  /** Takes the limits by which `validate` checks the records, and its option `neverClear`. */
  restrict(limits: ReadonlyMap<string, AttributeLimit>, neverClear: readonly string[]): void {
    for (const [name, { nullable }] of limits) {
      if (nullable) this.#notNullable.delete(name);
      else this.#notNullable.add(name);
    }
    for (const name of neverClear) this.#neverCleared.add(name);
  }

  /**
   * An upsert that also names, as null, the attributes that Okta may have from this source and the record lacks. For an update they are
   * those that left the record. If it is not known what Okta has, or if the person is new and may have been there before, they are all
   * that earlier runs set.
   *
   * @param mostBytes - if the upsert would have more bytes, only those that certainly left the record; see {@link exceeds}
   */
  cleared(change: Change, mostBytes: number): Change {
    const { item, changed = [] } = change;
    const lacking = this.#lackedBy(change);
    if (lacking.length === 0) return change;
    const cleared = withNulls(item, lacking);
    if (cleared.length * 3 <= mostBytes || Buffer.byteLength(cleared) <= mostBytes)
      return { ...change, item: cleared };
    return {
      ...change,
      item: withNulls(
        item,
        lacking.filter((name) => changed.includes(name)),
      ),
    };
  }

  /** True if {@link cleared} gives the item more bytes than this. */
  exceeds(change: Change, mostBytes: number): boolean {
    // UTF-8 takes at most three bytes for a UTF-16 code unit: most items need no closer look.
    if (change.item.length * 3 + this.#nullBytes <= mostBytes) return false;
    return Buffer.byteLength(withNulls(change.item, this.#lackedBy(change))) > mostBytes;
  }

  /** The attributes that left the record of an update, and for which Okta does not accept null. */
  uncleared(change: Change): string[] {
    const lost = change.changed?.filter(
      (name) => this.#notNullable.has(name) && !this.#neverCleared.has(name),
    );
    if (change.created || lost === undefined || lost.length === 0) return [];
    const profile = profileIn(change.item);
    return lost.filter((name) => !Object.hasOwn(profile, name));
  }

  #lackedBy({ changed, created, item }: Change): string[] {
    const isCertain = !created && changed !== undefined && !changed.includes(UNNAMED_ATTRIBUTE);
    // If earlier runs did not store names, those of this run are the best that is known.
    const others = isCertain ? [] : this.isComplete ? this.#earlier : this.#names;
    const possible = [...new Set([...(changed ?? []), ...others])].filter((name) => this.#isClearable(name));
    if (possible.length === 0) return [];
    const profile = profileIn(item);
    return possible.filter((name) => !Object.hasOwn(profile, name));
  }

  #isClearable(name: string): boolean {
    return name !== UNNAMED_ATTRIBUTE && !this.#notNullable.has(name) && !this.#neverCleared.has(name);
  }
}

/** The profile in the JSON of an upsert. */
function profileIn(item: string): Profile {
  return (JSON.parse(item) as { readonly profile: Profile }).profile;
}

/** The JSON of an upsert with further attributes that are null. */
function withNulls(item: string, names: readonly string[]): string {
  if (names.length === 0) return item;
  const comma = item.endsWith('{}}') ? '' : ',';
  return `${item.slice(0, -2)}${comma}${names.map(nullOf).join(',')}}}`;
}

function nullOf(name: string): string {
  return `${JSON.stringify(name)}:null`;
}
