import { pipe } from '../../flow/pipe.js';
import type { Source } from '../../flow/flow.js';
import type { RemovedRecord, UserRecord } from '../../core/model.js';
import { LoginFingerprints } from '../../fingerprints/login-fingerprints.js';
import type { StateStore } from '../../state/store.js';

/** The most ids that are kept. */
const MOST = 20;

/** The external ids of users whose records have a login (`userName`). Case does not count, as in Okta. Rejected records count. */
export async function idsWithLogin(
  users: Source<UserRecord> | Source<UserRecord | RemovedRecord>,
  login: string,
): Promise<string[]> {
  const wanted = login.toLowerCase();
  const ids = new Set<string>();
  for await (const chunk of pipe(users as Source<Partial<UserRecord>>).chunks()) {
    for (const record of chunk) {
      // A row that a condition leaves out, or that the mapping has an error for, has no profile.
      const { externalId, profile } = record;
      const userName: unknown = profile?.userName;
      if (typeof userName !== 'string' || userName.toLowerCase() !== wanted) continue;
      if (typeof externalId === 'string' && ids.size < MOST) ids.add(externalId);
    }
  }
  return [...ids];
}

/** The external ids of the users of the state who have a login, or may have it. */
export async function holdersOf(state: StateStore, login: string): Promise<readonly string[]> {
  const reading = await state.read();
  try {
    return (await reading.holders([new LoginFingerprints(state.fingerprintKey).of(login)]))[0] ?? [];
  } finally {
    await reading.close();
  }
}
