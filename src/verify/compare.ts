import { throwIfAborted } from '../core/clock.js';
import type { Entity } from '../core/model.js';
import type { VerifyReport } from '../core/verify-results.js';
import type { AppUser } from '../okta/directory-client.js';
import { importsEndedAt } from '../state/imports-end.js';
import type { StateStore } from '../state/store.js';
import type { DirectoryOptions } from '../sync/directory-changes.js';
import { Comparison } from './comparison.js';
import { KnownSource } from './known-source.js';
import { LaterImportTally } from './later-imports.js';
import { Repair } from './repair.js';
import { rowsToRead } from './sample.js';
import { verifyGroups } from './verify-groups.js';
import type { VerifyOptions } from './verify-options.js';
import { VerifyTally } from './verify-tally.js';
import { verifySingleUsers, verifyUsersInPages } from './verify-users.js';

/** The part of a report that a comparison makes. */
export type Compared = Pick<
  VerifyReport,
  'counts' | 'differences' | 'examples' | 'repaired' | 'importedLater' | 'notes'
>;

/**
 * Compares these entities of Okta with the rows of a state.
 *
 * @param alternative - what can be done instead if Okta refuses the list of users
 */
export async function compareWith(
  options: VerifyOptions,
  expected: StateStore,
  entities: readonly Entity[],
  alternative: string,
): Promise<Compared> {
  const { okta, state, sample, signal, random = Math.random, onProgress } = options;
  const tally = new VerifyTally(options.onDifference);
  const notes: string[] = [];
  const reads = { users: 0, groups: 0, memberships: 0 };
  const progress = (entity: Entity, read: number) => {
    throwIfAborted(signal);
    if (read > 0) onProgress?.(entity, (reads[entity] += read));
  };
  const later = new LaterImportTally(await importsEndedAt(state));
  const note = (text: string) => void notes.push(text);
  const reading = await expected.read();
  const ours = expected === state ? reading : await state.read();
  try {
    const repair = options.repair === true ? new Repair(state, ours) : undefined;
    const comparison = new Comparison(expected, reading, tally, repair);
    const call = { ...(signal && { signal }) };
    const common = { okta, comparison, source: new KnownSource(okta, call), call, note };
    const rows = (entity: Entity) => rowsToRead(expected, entity, sample, random);
    if (entities.includes('users')) {
      const users = {
        ...common,
        alternative,
        progress: (read: number) => progress('users', read),
        seen: (user: AppUser) => later.add(user),
      };
      if (options.readUsers === 'single') await verifySingleUsers(rows('users'), users);
      else await verifyUsersInPages(users);
    }
    const [groups, memberships] = [entities.includes('groups'), entities.includes('memberships')];
    if (groups || memberships)
      await verifyGroups(rows('groups'), {
        ...common,
        groups,
        memberships,
        isSample: sample !== undefined,
        progress,
      });
    await repair?.flush();
    const { counts, differences, examples } = tally;
    return { counts, differences, examples, repaired: repair?.rows ?? 0, importedLater: later.result, notes };
  } finally {
    await reading.close();
    if (ours !== reading) await ours.close();
  }
}

/** The sources among the options, with how they are read. */
export function sourcesOf({
  users,
  groups,
  memberships,
  validate,
  onCreate,
  uniqueLogins,
  onDuplicate,
}: VerifyOptions): DirectoryOptions {
  return {
    ...(users && { users }),
    ...(groups && { groups }),
    ...(memberships && { memberships }),
    ...(validate && { validate }),
    ...(onCreate && { onCreate }),
    ...(uniqueLogins !== undefined && { uniqueLogins }),
    ...(onDuplicate && { onDuplicate }),
  };
}
