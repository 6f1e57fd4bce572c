import { checkUniqueLogins } from '../sync/check-unique-logins.js';
import { refuseUnknown, requireBoolean, requireNumber, requireOneOf } from '../core/check-options.js';
import { systemClock } from '../core/clock.js';
import { OptionsError } from '../core/errors.js';
import { ENTITIES } from '../core/model.js';
import type { VerifyReport } from '../core/verify-results.js';
import { RunContext } from '../flow/run-context.js';
import { requireSameTarget } from '../state/checks.js';
import { holdOpen } from '../state/uses.js';
import { compareWith, sourcesOf } from './compare.js';
import { withSourceBaseline } from './source-baseline.js';
import type { VerifyOptions } from './verify-options.js';

const OPTION_NAMES = [
  ...ENTITIES,
  'validate',
  'onCreate',
  'uniqueLogins',
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

const ONE_BY_ONE = "users can be read one by one instead (--one-by-one, readUsers: 'single')";

/**
 * Reads what Okta holds of the identity source, and compares it with the state; or, if there are sources, with them. It sends nothing.
 *
 * Users are compared by the attributes that were sent: what Okta adds does not count. The values of attributes are compared by their
 * fingerprints, so one difference in 65,536 is not seen. Memory does not grow with the directory beyond the index of the state, and
 * the ids of its groups.
 *
 * @example
 * const report = await verify({ okta, state });
 * if (report.differences > 0) console.log('Okta does not hold what the state says');
 * @throws {@link ReadBackError} if Okta refuses the list of users; {@link OptionsError} for `repair` while a session is in flight;
 * {@link StateError} if the state belongs to another target.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const checked = checkVerifyOptions(options);
  return holdOpen(options.state, () => run(checked));
}

async function run(options: VerifyOptions): Promise<VerifyReport> {
  const { okta, state, clock = systemClock, signal } = options;
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
      ? await compareWith(options, state, ENTITIES, ONE_BY_ONE)
      : await withSourceBaseline({ ...sourcesOf(options), loginsOf: state }, context, signal, (baseline) =>
          compareWith(options, baseline, given, ONE_BY_ONE),
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

/** @throws {@link OptionsError} for the first invalid option */
export function checkVerifyOptions(options: VerifyOptions): VerifyOptions {
  refuseUnknown('verify', options, OPTION_NAMES);
  requireOneOf('readUsers', options.readUsers ?? 'pages', ['pages', 'single']);
  requireBoolean('repair', options.repair ?? false);
  checkUniqueLogins(options.uniqueLogins);
  if (options.memberships !== undefined && (options.users === undefined || options.groups === undefined))
    throw new OptionsError('memberships', 'expected sources of users and groups as well');
  if (options.sample !== undefined) requireNumber('sample', options.sample, { min: 1, integer: true });
  return options;
}
