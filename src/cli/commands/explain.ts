import { OptionsError, RollcallError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { quoted } from '../../core/visible.js';
import type { StateStore } from '../../state/store.js';
import { trace, type Trace, type TracedId } from '../../sync/trace/trace.js';
import { wantedKeys } from '../../sync/trace/wanted-keys.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import { differingAttributes, readOne } from '../../okta/read-one.js';
import type { OktaClient } from '../../okta/wire.js';
import { hasSources } from '../inputs/directory-inputs.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { comparisonOptions, guardOptions } from '../settings/library-options.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { explainText } from '../text/explain-text.js';
import { nextStep } from '../text/next-step.js';
import { asAborted, type Command, type CommandInput } from './command.js';
import { connectIfSet } from './connect-if-set.js';
import type { Explained, OktaAnswer } from './explanation.js';
import { findLogin } from './find-login.js';
import { openCommandSources } from './open-sources.js';
import { openExistingState } from './open-state.js';

/** The settings of `explain`. */
export const EXPLAIN_SETTINGS: readonly SettingKey[] = [
  'state',
  'waitLock',
  ...GROUPS.inputs,
  ...GROUPS.guard,
  ...GROUPS.connection,
];

/**
 * `explain ID`: one user, group or membership in the sources, the state, Okta and the plan of the next sync. It changes nothing, and
 * shows no value of a profile.
 */
export const explainCommand: Command = async (input): Promise<ExitCode> => {
  const { resolved, flags, context, display, stopping } = input;
  const { settings } = resolved;
  const given = String(flags['id']);
  const isLogin = flags['login'] === true;
  const entities = isLogin ? (['users'] as const) : entitiesOf(given, flags['entity']);
  const sources = hasSources(resolved) ? await openCommandSources(input) : {};
  const state = await openExistingState(input);
  try {
    const owner = isLogin ? await stopping.finished(findLogin(given, state, input)) : undefined;
    if (owner !== undefined && owner.id === undefined) return noOwner(given, owner.why, input);
    const id = owner?.id ?? given;
    const found = await stopping
      .finished(
        trace(id, entities, {
          ...sources,
          ...comparisonOptions(settings),
          state,
          guard: guardOptions(resolved),
          signal: stopping.signal,
          clock: context.clock,
        }),
      )
      .catch((error: unknown) => {
        throw asAborted(error, stopping);
      });
    const answers = await stopping.finished(askOkta(found, id, state, input));
    const all = found.ids.map((traced, i) => explained(traced, answers[i] as OktaAnswer));
    const known = all.filter(isFound);
    const report = {
      id,
      ...(owner && { loginIn: owner.loginIn }),
      found: known.length > 0,
      explained: known.length > 0 ? known : all,
      inFlight: {
        sessions: found.inFlight.length,
        rows: found.inFlight.reduce((sum, { rows }) => sum + rows, 0),
        touching: found.touching,
      },
      trips: found.plan?.trips ?? [],
    };
    const text = explainText(report);
    display.outcome({ type: 'explain:report', report }, text, report.found ? undefined : text);
    return report.found ? EXIT.DONE : EXIT.FAILED;
  } finally {
    if (!stopping.late) await state.close();
  }
};

function entitiesOf(id: string, flag: unknown): readonly Entity[] {
  if (flag === undefined) {
    const isPair = wantedKeys('memberships', id).length > 0;
    return isPair ? ENTITIES : ['users', 'groups'];
  }
  const entity = ENTITIES.find((name) => name === flag);
  if (entity === undefined) throw new OptionsError('--entity', `expected one of ${ENTITIES.join(', ')}`);
  if (wantedKeys(entity, id).length === 0)
    throw new OptionsError('id', `expected GROUP/MEMBER, the ids of a membership, and not ${quoted(id)}`);
  return [entity];
}

/** The outcome for a login that nobody has. */
function noOwner(login: string, why: string, { display }: CommandInput): ExitCode {
  const inFlight = { sessions: 0, rows: 0, touching: { count: 0, first: [] } };
  const report = { id: login, loginIn: [], found: false, explained: [], inFlight, trips: [] };
  display.outcome({ type: 'explain:report', report }, why, why);
  return EXIT.FAILED;
}

async function askOkta(
  { ids }: Trace,
  id: string,
  state: StateStore,
  input: CommandInput,
): Promise<OktaAnswer[]> {
  const okta = await connectIfSet(state, input);
  if ('why' in okta) return ids.map((): OktaAnswer => ({ found: 'unknown', why: okta.why }));
  const { signal } = input.stopping;
  try {
    const answers: OktaAnswer[] = [];
    for (const traced of ids) {
      try {
        answers.push(await askOne(okta, traced, id, signal));
      } catch (error) {
        if (signal.aborted || !(error instanceof RollcallError)) throw error;
        answers.push({ found: 'unknown', why: error.message });
      }
    }
    return answers;
  } finally {
    await okta.close();
  }
}

async function askOne(
  okta: DirectoryClient & Pick<OktaClient, 'listSessions'>,
  { entity, source }: TracedId,
  id: string,
  signal: AbortSignal,
): Promise<OktaAnswer> {
  for (const key of wantedKeys(entity, id)) {
    const entityAtOkta = await readOne(okta, entity, key, { signal });
    if (entityAtOkta === undefined) continue;
    const { profile, externalId = key } = entityAtOkta;
    // Okta finds a group by its own id, too.
    if (externalId !== key) return { found: false, externalId };
    const expected = source?.first.find(({ result }) => result === 'record')?.profile;
    return {
      found: true,
      attributes: Object.keys(profile).filter((name) => profile[name] !== null),
      differing: expected === undefined ? [] : differingAttributes(expected, profile),
    };
  }
  // Okta's answer is the same for an identity source that it does not know.
  await okta.listSessions({ signal });
  return { found: false };
}

function isFound({ matches, state, okta, rejections }: Explained): boolean {
  return matches > 0 || rejections.length > 0 || state.row !== 'none' || okta.found === true;
}

function explained(traced: TracedId, okta: OktaAnswer): Explained {
  const { entity, source, rejections, held, absences, isRefused, similar, similarInState } = traced;
  return {
    entity,
    places: source?.first.map(({ file, line, position, result, profile }) => ({
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      position,
      result,
      ...(profile && {
        attributes: Object.entries(profile).map(([name, value]) => ({
          name,
          length: typeof value === 'string' ? value.length : null,
        })),
      }),
    })),
    matches: source?.count ?? 0,
    rejections,
    state: { row: held ?? 'none', absences, refusedBefore: isRefused },
    similar: [
      ...similar.map((other) => `the source has ${quoted(other)}`),
      ...(similarInState === undefined ? [] : [`in the state ${similarInState}`]),
      ...(okta.found === false && okta.externalId !== undefined
        ? [`this is Okta's own id of the group ${quoted(okta.externalId)}`]
        : []),
    ],
    okta,
    next: nextStep(traced),
  };
}
