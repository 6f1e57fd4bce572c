import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../events/events.js';
import type { RunContext } from '../flow/run-context.js';
import { openState } from '../state/lmdb/open-state.js';
import type { StateStore } from '../state/store.js';
import { directoryChanges, type DirectoryOptions, type KnownLogins } from '../sync/directory-changes.js';

/**
 * Calls a function with a state that has the records of the sources, as if Okta had confirmed all of them. The state is on disk, so
 * that memory does not grow with the sources; it has external ids and keyed fingerprints only, and is removed afterwards.
 *
 * @param fingerprintKey - the key of its fingerprints; by default a new one
 */
export async function withSourceBaseline<T>(
  sources: DirectoryOptions & KnownLogins,
  context: RunContext,
  signal: AbortSignal | undefined,
  work: (state: StateStore) => Promise<T>,
  fingerprintKey?: string,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-verify-'));
  try {
    await using state = await openState(directory);
    if (fingerprintKey !== undefined) {
      await state.restore({ fingerprintKey, target: undefined, lastTriggeredAt: undefined });
      await state.setMeta('import', '');
    }
    for await (const chunk of directoryChanges(sources, state, silent, context, signal).chunks()) {
      await state.adopt(
        chunk.map(({ entity, key, fingerprint }) => ({
          entity,
          key,
          held: fingerprint && { kind: 'confirmed', fingerprint },
        })),
      );
    }
    return await work(state);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
