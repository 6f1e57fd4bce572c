import { LIMITS } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import { ConditionValues } from './condition-values.js';
import { MissingWords } from './missing-words.js';

/** The most attributes of an entity that are remembered. */
const MOST_NAMES = 100;

/** Accents that are code points of their own. Two texts that look the same can differ in them. */
const ACCENT = /[\u0300-\u036f]/;
/** Attributes that people type. */
const TYPED = ['userName', 'email', 'secondEmail'] as const;

/** What a command finds in the rows of its sources, for the person who reads its outcome. */
export class SourceFindings {
  /** The values that conditions met. */
  readonly values = new ConditionValues();
  /** Words in place of values. */
  readonly words = new MissingWords();
  readonly #decomposed = new Map<string, number>();
  readonly #attributes = new Map<Entity, Set<string>>();

  /** Sees a user or group, and returns it. A placeholder for a row without a record has neither an id nor a profile. */
  add<R extends object>(entity: 'users' | 'groups', record: R): R {
    const { externalId, profile } = record as { readonly externalId?: unknown; readonly profile?: unknown };
    this.#addLogin(entity, 'externalId', externalId);
    if (typeof profile !== 'object' || profile === null) return record;
    const attributes = profile as Readonly<Record<string, unknown>>;
    this.words.add(entity, attributes);
    for (const name of TYPED) this.#addLogin(entity, name, attributes[name]);
    this.addAttributes(entity, Object.keys(attributes));
    return record;
  }

  /** Ids and logins with accents that are code points of their own, by entity and attribute, with the number of rows. */
  get decomposed(): ReadonlyMap<string, number> {
    return this.#decomposed;
  }

  #addLogin(entity: string, name: string, text: unknown): void {
    if (typeof text !== 'string' || !ACCENT.test(text) || text === text.normalize('NFC')) return;
    const place = `${entity}, ${name}`;
    this.#decomposed.set(place, 1 + (this.#decomposed.get(place) ?? 0));
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
