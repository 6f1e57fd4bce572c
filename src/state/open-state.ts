import { refuseUnknown } from '../core/check-options.js';
import { openState as openDirectory, type OpenStateOptions } from './lmdb/open-state.js';
import { openPostgresState } from './postgres/open-postgres-state.js';
import { isPostgresUrl } from './postgres/postgres-url.js';
import type { StateStore } from './store.js';

/**
 * Opens the state in a directory or in PostgreSQL, or creates it. Every write is a transaction that survives a crash and a loss of power
 * when its promise resolves. The state contains external ids and keyed fingerprints, but no profile. It has one writer at a time.
 *
 * In a directory it is an embedded database. New directories survive a crash too; their mode is 0700, that of their files 0600. A state can
 * be open once in a process, by any path. If the last writer died, the state can be opened at once on the same machine, and from another
 * host or container after a minute without a sign of life. Then every page and every row is checked before the state is used.
 *
 * `postgres://user@host:5432/database?schema=rollcall&state=hr` is a state in PostgreSQL, for workers without a disk: see
 * `openPostgresState` of `rollcall/postgres`.
 *
 * @param place - a directory, or the address of a state in PostgreSQL
 * @throws {@link BusyError} if another writer has the state open; {@link StateError} if the place cannot be used (the message
 * contains it and the code of the system), if there is no state and `create` is false (`ERR_ROLLCALL_STATE_MISSING`), if the
 * state has another format (`ERR_ROLLCALL_STATE_FORMAT`), if it is damaged (`ERR_ROLLCALL_STATE_CORRUPT`), or if it was moved to another
 * place (`ERR_ROLLCALL_STATE_MOVED`). If it throws, nothing stays open.
 */
export async function openState(place: string, options: OpenStateOptions = {}): Promise<StateStore> {
  if (!isPostgresUrl(place)) return openDirectory(place, options);
  refuseUnknown('openState', options, ['clock', 'verify', 'create', 'moved']);
  const { clock, create, moved } = options;
  return openPostgresState(place, {
    ...(clock !== undefined && { clock }),
    ...(create !== undefined && { create }),
    ...(moved !== undefined && { moved }),
  });
}
