import { systemClock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { ENTITIES, type Entity, membershipKey } from '../core/model.js';
import type { Difference, VerifyReport } from '../core/verify-results.js';
import { RunContext } from '../flow/run-context.js';
import { UNKNOWN, type AdoptedRow, type StateStore } from '../state/store.js';
import { holdOpen } from '../state/uses.js';
import { compareWith, sourcesOf } from './compare.js';
import { withSourceBaseline } from './source-baseline.js';
import { checkVerifyOptions } from './verify.js';
import type { VerifyOptions } from './verify-options.js';

const WITHOUT_READING =
  'without this list, only a state that believes the sources can be made, with the hash of a plan (--adopt HASH, adopt)';

/** Options of {@link adoptVerified}. */
export type AdoptVerifiedOptions = Omit<VerifyOptions, 'readUsers' | 'sample' | 'repair'>;

/** The result of {@link adoptVerified}. */
export interface AdoptVerifiedReport {
  /** What was found at Okta, compared with the sources. */
  readonly verified: VerifyReport;
  /** Rows that the state has as confirmed now: they are the same at Okta. */
  readonly adopted: number;
  /** People and memberships that Okta has and the sources do not: the next sync deletes them, under the guard. */
  readonly leavers: number;
}

/**
 * Makes the state of an org that has the directory already, for a state that was lost: reads what Okta holds, and records what is the
 * same as in the sources as confirmed. It sends nothing. What differs or is missing is left out, so that the next sync sends it.
 * Leavers that Okta still holds are recorded as unknown, so that the next sync deletes them under the guard. Groups that are not in
 * the sources are only reported, because Okta does not show their external ids.
 *
 * @example
 * const { adopted, leavers } = await adoptVerified({ okta, state, users: people });
 * @throws {@link OptionsError} without sources, or if the state has rows or a session in flight; {@link ReadBackError} if Okta refuses
 * the list of users; {@link StateError} if the state belongs to another target.
 */
export async function adoptVerified(options: AdoptVerifiedOptions): Promise<AdoptVerifiedReport> {
  checkVerifyOptions(options);
  return holdOpen(options.state, () => run(options));
}

async function run(options: AdoptVerifiedOptions): Promise<AdoptVerifiedReport> {
  const { okta, state, signal, clock = systemClock } = options;
  const given = ENTITIES.filter((entity) => options[entity] !== undefined);
  if (given.length === 0)
    throw new OptionsError('users', 'expected a source for at least one of users, groups and memberships');
  await requireEmpty(state);
  const startedAt = new Date(clock.now());
  const context = new RunContext();
  if (options.onReject) context.onReject(options.onReject);
  return withSourceBaseline(
    sourcesOf(options),
    context,
    signal,
    async (baseline) => {
      const found = new Found();
      const onDifference = (difference: Difference) => {
        found.add(difference);
        options.onDifference?.(difference);
      };
      // Repairing the baseline itself makes what is missing or differs unknown there.
      const compared = await compareWith(
        { ...options, state: baseline, repair: true, onDifference },
        baseline,
        given,
        WITHOUT_READING,
      );
      await baseline.adopt(found.notActive);
      await state.bind({ orgUrl: okta.orgUrl, identitySourceId: okta.identitySourceId });
      let adopted = 0;
      for (const entity of given) adopted += await copyConfirmed(entity, baseline, state);
      await state.adopt(found.leavers);
      const verified: VerifyReport = {
        ...compared,
        readUsers: 'pages',
        sample: undefined,
        repaired: 0,
        inFlight: 0,
        rejected: given.reduce((sum, entity) => sum + context.counts(entity).rejected, 0),
        startedAt,
        endedAt: new Date(clock.now()),
      };
      return { verified, adopted, leavers: found.leavers.length };
    },
    state.fingerprintKey,
  );
}

/** The differences that decide what is adopted. */
class Found {
  /** Users of the sources that Okta does not have as active ones. */
  readonly notActive: AdoptedRow[] = [];
  /** What Okta has and the sources do not. */
  readonly leavers: AdoptedRow[] = [];

  add({ entity, status, externalId, memberExternalId }: Difference): void {
    if (externalId === undefined) return;
    const key = memberExternalId === undefined ? externalId : membershipKey(externalId, memberExternalId);
    const row = { entity, key, held: UNKNOWN };
    if (status === 'foreign') this.leavers.push(row);
    else if (status === 'deactivated' || status === 'unconfirmed') this.notActive.push(row);
  }
}

async function copyConfirmed(entity: Entity, from: StateStore, to: StateStore): Promise<number> {
  let copied = 0;
  for await (const chunk of from.rows(entity)) {
    const rows = chunk.filter(({ held }) => held.kind === 'confirmed');
    await to.adopt(rows);
    copied += rows.length;
  }
  return copied;
}

async function requireEmpty(state: StateStore): Promise<void> {
  if ((await state.journal.open()).length > 0)
    throw new OptionsError('state', 'a session is in flight; run a sync first to settle it');
  const counts = await state.counts();
  if (ENTITIES.some((entity) => counts[entity].known + counts[entity].unknown > 0))
    throw new OptionsError(
      'state',
      'expected a state without rows; for one that has rows, use verify with repair',
    );
}
