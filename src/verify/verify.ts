import { refuseUnknown, requireBoolean, requireNumber, requireOneOf } from '../core/check-options.js';
import { systemClock, throwIfAborted, type Clock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { ENTITIES, type Entity } from '../core/model.js';
import type { Rejection } from '../core/rejection.js';
import type { Difference, VerifyReport } from '../core/verify-results.js';
import { RunContext } from '../flow/run-context.js';
import type { DirectoryClient } from '../okta/directory-client.js';
import { requireSameTarget } from '../state/checks.js';
import type { StateStore } from '../state/store.js';
import type { DirectoryOptions, DirectorySources } from '../sync/directory-changes.js';
import { Comparison } from './comparison.js';
import { Repair } from './repair.js';
import { rowsToRead } from './sample.js';
import { withSourceBaseline } from './source-baseline.js';
import { verifyGroups } from './verify-groups.js';
import { VerifyTally } from './verify-tally.js';
import { verifySingleUsers, verifyUsersInPages } from './verify-users.js';

/** Options of {@link verify}. */
export interface VerifyOptions extends DirectorySources, Pick<DirectoryOptions, 'validate' | 'onDuplicate'> {
  readonly okta: DirectoryClient;
  /** What Okta should have, unless there are sources; and the state that `repair` changes. */
  readonly state: StateStore;
  /**
   * `pages`: reads all users of the identity source in pages of 500, with Okta's Apps API. `single`: reads the expected users one by
   * one, which needs no other scope, but does not show who is deactivated, waits for confirmation, or is not ours.
   * @defaultValue 'pages'
   */
  readonly readUsers?: 'pages' | 'single';
  /** Reads only this many groups with their members, and users if they are read one by one; chosen at random. @defaultValue all */
  readonly sample?: number;
  /**
   * Makes the rows of the state that are missing or differ at Okta unknown, so that the next sync sends them again. Deactivated users
   * stay as they are, because an administrator may have deactivated them. @defaultValue false
   */
  readonly repair?: boolean;
  /** Called with every difference. */
  readonly onDifference?: (difference: Difference) => void;
  /** Called with every rejected record of the sources. */
  readonly onReject?: (rejection: Rejection) => void;
  /** Called with the number of entities read so far. */
  readonly onProgress?: (entity: Entity, read: number) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Numbers from 0 to 1, for the sample. @defaultValue `Math.random` */
  readonly random?: () => number;
}

const OPTION_NAMES = [
  ...ENTITIES,
  'validate',
  'onDuplicate',
  'okta',
  'state',
  'readUsers',
  'sample',
  'repair',
  'onDifference',
  'onReject',
  'onProgress',
  'signal',
  'clock',
  'random',
];

/**
 * Reads what Okta holds of the identity source, and compares it with the state; or, if there are sources, with them. It sends nothing.
 *
 * Users are compared by the attributes that were sent: what Okta adds does not count. The values of attributes are compared by their
 * fingerprints, so one difference in 65,536 is not seen. Memory does not grow with the directory beyond the index of the state, and
 * the ids of its groups.
 *
 * @throws {@link ReadBackError} if Okta refuses the list of users; {@link OptionsError} for `repair` while a session is in flight;
 * {@link StateError} if the state belongs to another target.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { okta, state, clock = systemClock, signal } = checked(options);
  const startedAt = new Date(clock.now());
  const target = await state.target();
  if (target !== undefined)
    requireSameTarget(target, { orgUrl: okta.orgUrl, identitySourceId: okta.identitySourceId });
  const inFlight = (await state.journal.open()).length;
  if (options.repair === true && inFlight > 0)
    throw new OptionsError('repair', 'a session is in flight; run a sync first to settle it');
  const given = ENTITIES.filter((entity) => options[entity] !== undefined);
  const context = new RunContext();
  if (options.onReject) context.onReject(options.onReject);
  const compared =
    given.length === 0
      ? await compareWith(options, state, ENTITIES)
      : await withSourceBaseline(sourcesOf(options), context, signal, (baseline) =>
          compareWith(options, baseline, given),
        );
  return {
    ...compared,
    readUsers: options.readUsers ?? 'pages',
    sample: options.sample,
    inFlight,
    rejected: given.reduce((sum, entity) => sum + context.counts(entity).rejected, 0),
    startedAt,
    endedAt: new Date(clock.now()),
  };
}

type Compared = Pick<VerifyReport, 'counts' | 'differences' | 'examples' | 'repaired' | 'notes'>;

async function compareWith(
  options: VerifyOptions,
  expected: StateStore,
  entities: readonly Entity[],
): Promise<Compared> {
  const { okta, state, sample, signal, random = Math.random, onProgress } = options;
  const tally = new VerifyTally(options.onDifference);
  const notes: string[] = [];
  const reads = { users: 0, groups: 0, memberships: 0 };
  const progress = (entity: Entity, read: number) => {
    throwIfAborted(signal);
    if (read > 0) onProgress?.(entity, (reads[entity] += read));
  };
  const note = (text: string) => void notes.push(text);
  const reading = await expected.read();
  const ours = expected === state ? reading : await state.read();
  try {
    const repair = options.repair === true ? new Repair(state, ours) : undefined;
    const comparison = new Comparison(expected, reading, tally, repair);
    const common = { okta, comparison, signal, note };
    const rows = (entity: Entity) => rowsToRead(expected, entity, sample, random);
    if (entities.includes('users')) {
      const users = { ...common, progress: (read: number) => progress('users', read) };
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
    return { counts, differences, examples, repaired: repair?.rows ?? 0, notes };
  } finally {
    await reading.close();
    if (ours !== reading) await ours.close();
  }
}

function sourcesOf({ users, groups, memberships, validate, onDuplicate }: VerifyOptions): DirectoryOptions {
  return {
    ...(users && { users }),
    ...(groups && { groups }),
    ...(memberships && { memberships }),
    ...(validate && { validate }),
    ...(onDuplicate && { onDuplicate }),
  };
}

function checked(options: VerifyOptions): VerifyOptions {
  refuseUnknown('verify', options, OPTION_NAMES);
  requireOneOf('readUsers', options.readUsers ?? 'pages', ['pages', 'single']);
  requireBoolean('repair', options.repair ?? false);
  if (options.memberships !== undefined && (options.users === undefined || options.groups === undefined))
    throw new OptionsError('memberships', 'expected sources of users and groups as well');
  if (options.sample !== undefined) requireNumber('sample', options.sample, { min: 1, integer: true });
  return options;
}
