import type { Profile } from '../../core/model.js';

/** How the records use one attribute. */
export interface AttributeUse {
  /** Records that have a value for it. */
  readonly records: number;
  /** Characters of the longest value. */
  readonly longest: number;
}

/** The attributes of users: those that the mapping names, and those that the accepted records have. */
export class AttributeUses {
  readonly #uses = new Map<string, AttributeUse>();
  /** Accepted records. */
  records = 0;

  /** @param names - the attributes that the mapping names, also if no record has a value for them */
  constructor(names: Iterable<string>) {
    for (const name of names) this.#uses.set(name, { records: 0, longest: 0 });
  }

  add(profile: Profile): void {
    this.records++;
    for (const [name, value] of Object.entries(profile)) {
      const { records, longest } = this.#uses.get(name) ?? { records: 0, longest: 0 };
      const length = value?.length ?? 0;
      this.#uses.set(name, {
        records: records + (length > 0 ? 1 : 0),
        longest: Math.max(longest, length),
      });
    }
  }

  get(name: string): AttributeUse | undefined {
    return this.#uses.get(name);
  }

  names(): readonly string[] {
    return [...this.#uses.keys()];
  }
}
