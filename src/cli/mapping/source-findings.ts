import { LIMITS } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import { ConditionValues } from './condition-values.js';
import { MissingWords } from './missing-words.js';

/** The most attributes of an entity that are remembered. */
const MOST_NAMES = 100;

/** What a command finds in the rows of its sources, for the person who reads its outcome. */
export class SourceFindings {
  /** The values that conditions met. */
  readonly values = new ConditionValues();
  /** Words in place of values. */
  readonly words = new MissingWords();
  readonly #attributes = new Map<Entity, Set<string>>();

  /** Sees the profile of a user or group. */
  add(entity: 'users' | 'groups', profile: Readonly<Record<string, unknown>>): void {
    this.words.add(entity, profile);
    this.addAttributes(entity, Object.keys(profile));
  }

  /** Notes the attributes that are not Okta's own. */
  addAttributes(entity: 'users' | 'groups', names: Iterable<string>): void {
    const own = entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile;
    for (const name of names) {
      if (Object.hasOwn(own, name)) continue;
      const known = this.#attributes.get(entity) ?? new Set<string>();
      if (known.size < MOST_NAMES) this.#attributes.set(entity, known.add(name));
    }
  }

  /** The attributes that are sent and are not Okta's own, by entity. */
  get attributes(): ReadonlyMap<Entity, ReadonlySet<string>> {
    return this.#attributes;
  }
}
