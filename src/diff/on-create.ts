import { OptionsError } from '../core/errors.js';
import type { Entity, Profile, UserRecord } from '../core/model.js';
import { withPlaces, type Chunk } from '../flow/chunk.js';

/** Attributes that Okta needs in every upsert. */
const ALWAYS: Readonly<Record<Entity, readonly string[]>> = Object.freeze({
  users: ['userName', 'email'],
  groups: ['displayName'],
  memberships: [],
});

/** @throws {@link OptionsError} for an attribute that every upsert needs, and for memberships, which have none */
export function checkOnCreate(entity: Entity, names: readonly string[]): void {
  const [needed] = names.filter((name) => ALWAYS[entity].includes(name));
  if (needed !== undefined)
    throw new OptionsError('onCreate', `${needed} is needed in every upsert of ${entity}`);
  if (entity === 'memberships' && names.length > 0)
    throw new OptionsError('onCreate', 'memberships have no attributes');
}

/** The records without the attributes that are sent at their creation only; the same chunk if there are none. */
export function withoutOnCreate<R>(chunk: Chunk<R>, names: ReadonlySet<string>): Chunk<R> {
  if (names.size === 0) return chunk;
  const records = chunk.map((record) => {
    const { profile } = record as UserRecord;
    return { ...record, profile: without(profile, names) };
  });
  return withPlaces(records, chunk.places);
}

function without(profile: Profile, names: ReadonlySet<string>): Profile {
  return Object.fromEntries(Object.entries(profile).filter(([name]) => !names.has(name)));
}
