import type { KnownAttributes, ProfileEntity } from '../core/known-attributes.js';
import { LIMITS } from '../core/limits.js';
import type { AttributeFingerprints } from '../fingerprints/attribute-fingerprints.js';
import type { RunContext } from '../flow/run-context.js';
import { loadAttributes } from '../state/known-attributes.js';
import type { StateStore } from '../state/store.js';

/**
 * The attributes that the source is known to set. Their names, and those that Okta's description has, are added to the fingerprints: an
 * attribute that left a record is recognised by its fingerprint, if its name is among them.
 */
export async function sourceAttributes(
  entity: ProfileEntity,
  state: StateStore,
  context: RunContext,
  fingerprints: AttributeFingerprints,
): Promise<KnownAttributes> {
  const attributes = await loadAttributes(entity, state, context);
  fingerprints.addNames(Object.keys(entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile));
  fingerprints.addNames(attributes.names);
  return attributes;
}
