import { KnownAttributes, type ProfileEntity } from '../core/known-attributes.js';
import type { RunContext } from '../flow/run-context.js';
import type { StateStore } from './store.js';

/** The names of the meta values with the attributes that the source sets. */
export const ATTRIBUTE_NAMES = ['users', 'groups'].map((entity) => metaName(entity as ProfileEntity));

interface Stored {
  readonly names: readonly string[];
  readonly isComplete: boolean;
}

/** Loads the attributes that the source is known to set into the context of a run. */
export async function loadAttributes(
  entity: ProfileEntity,
  state: StateStore,
  context: RunContext,
): Promise<KnownAttributes> {
  const attributes = context.attributes(entity);
  const value = await state.getMeta(metaName(entity));
  if (value === undefined) {
    const { known, unknown } = (await state.counts())[entity];
    attributes.load([], known + unknown === 0);
  } else {
    const { names, isComplete } = JSON.parse(value) as Stored;
    attributes.load(names, isComplete);
  }
  return attributes;
}

/** Stores names that are new. It must be called before a session with such attributes is loaded: then a crash forgets none. */
export async function storeAttributes(state: StateStore, context: RunContext): Promise<void> {
  for (const entity of ['users', 'groups'] as const) {
    const attributes = context.attributes(entity);
    if (attributes.isStored) continue;
    const { names, isComplete } = attributes;
    await state.setMeta(metaName(entity), JSON.stringify({ names, isComplete } satisfies Stored));
    attributes.isStored = true;
  }
}

function metaName(entity: ProfileEntity): string {
  return `attributes:${entity}`;
}
