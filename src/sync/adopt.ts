import { directoryChanges, sourceReports, type DirectoryOptions } from './directory-changes.js';
import { refuseUnknown } from '../core/check-options.js';
import { OptionsError } from '../core/errors.js';
import { silent } from '../events/events.js';
import { guard } from '../guard/guard.js';
import { pipe } from '../flow/pipe.js';
import type { PlanSummary, EntityReport } from '../core/results.js';
import { RunContext } from '../flow/run-context.js';
import type { Rejection } from '../core/rejection.js';
import { ENTITIES, type Entity } from '../core/model.js';
import { storeAttributes } from '../state/known-attributes.js';
import type { AdoptedRow, StateStore, Target } from '../state/store.js';
import { holdOpen } from '../state/uses.js';
import { PLAN_OPTION_NAMES } from './sync-options.js';

/** Options of {@link adopt}. */
export interface AdoptOptions extends DirectoryOptions {
  readonly state: StateStore;
  /** The org and the identity source that have the directory. */
  readonly target: Target;
  /**
   * The hash of the plan to adopt, from `plan` over the same sources. With it, the caller confirms that Okta has exactly
   * this content; rollcall cannot check it.
   */
  readonly confirm: string;
  /** Called with every rejected record. */
  readonly onReject?: (rejection: Rejection) => void;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Options of a plan that an adoption does not have: it records whole plans, and the hash decides. */
const NOT_OF_ADOPT: readonly string[] = ['only', 'first', 'guard', 'onPlanned'];
const ADOPT_OPTION_NAMES = [
  ...PLAN_OPTION_NAMES.filter((name) => !NOT_OF_ADOPT.includes(name)),
  'target',
  'confirm',
];

/** The result of {@link adopt}. */
export interface AdoptReport {
  readonly plan: PlanSummary;
  readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
  readonly rejections: readonly Rejection[];
  /** The number of changes that the baseline now contains as confirmed. */
  readonly adopted: number;
}

/**
 * Records the content of the sources as confirmed by Okta, without sending anything. Use it if the state was lost but
 * Okta still has the directory; otherwise everything would be sent again. Entities that are not in the sources are removed
 * from the baseline, and are not deleted in Okta.
 *
 * @throws {@link OptionsError} without a hash, or if a session is in flight; {@link GuardError} if the sources do not
 * have exactly the plan of that hash; {@link StateError} if the state belongs to another target.
 */
export async function adopt(options: AdoptOptions): Promise<AdoptReport> {
  const { state, confirm } = options;
  refuseUnknown('adopt', options, ADOPT_OPTION_NAMES);
  if (!/^[0-9a-f]{64}$/.test(confirm))
    throw new OptionsError('confirm', 'expected the 64 hexadecimal characters of a plan hash');
  if (ENTITIES.every((entity) => options[entity] === undefined))
    throw new OptionsError('users', 'expected a source for at least one of users, groups and memberships');
  if ((await state.journal.open()).length > 0)
    throw new OptionsError('state', 'a session is in flight; run a sync first to settle it');
  return holdOpen(state, () => run(options));
}

async function run(options: AdoptOptions): Promise<AdoptReport> {
  const { state, target, confirm } = options;
  const context = new RunContext();
  if (options.onReject) context.onReject(options.onReject);
  let summary: PlanSummary | undefined;
  const changes = pipe(
    directoryChanges(options, state, silent, context, options.signal),
    guard(state, { approve: confirm, onPlan: (plan) => (summary = plan) }),
  );
  let adopted = 0;
  let bound = false;
  for await (const chunk of changes.chunks()) {
    // The first chunk passes only once the whole plan was found to be the confirmed one.
    if (!bound) await state.bind(target);
    bound = true;
    const rows = chunk.map(({ entity, key, fingerprint }): AdoptedRow => {
      const held = fingerprint && ({ kind: 'confirmed', fingerprint } as const);
      return { entity, key, held };
    });
    await state.adopt(rows);
    adopted += rows.length;
  }
  await storeAttributes(state, context);
  return {
    plan: summary as PlanSummary,
    sources: sourceReports(options, context),
    rejections: context.rejections,
    adopted,
  };
}
