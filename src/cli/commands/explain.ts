import { OptionsError, RollcallError, StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { quoted } from '../../core/visible.js';
import { memoryState } from '../../state/memory/memory-state.js';
import type { StateStore } from '../../state/store.js';
import { trace, type Trace, type TracedId } from '../../sync/trace/trace.js';
import { wantedKeys } from '../../sync/trace/wanted-keys.js';
import { differingAttributes, readOne } from '../../okta/read-one.js';
import { hasSources } from '../inputs/directory-inputs.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { comparisonOptions, guardOptions } from '../settings/library-options.js';
import { readCredentials } from '../settings/credentials.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { explainText } from '../text/explain-text.js';
import { nextStep } from '../text/next-step.js';
import { asAborted, type Command, type CommandInput } from './command.js';
import { connect } from './connect.js';
import type { Explained, OktaAnswer } from './explanation.js';
import { openCommandSources } from './open-sources.js';
import { openCommandState } from './open-state.js';

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
  const id = String(flags['id']);
  const entities = entitiesOf(id, flags['entity']);
  const sources = hasSources(resolved) ? await openCommandSources(input) : {};
  const state = await openedState(input);
  try {
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
      found: known.length > 0,
      explained: known.length > 0 ? known : all,
      inFlight: {
        sessions: found.inFlight.length,
        rows: found.inFlight.reduce((sum, { rows }) => sum + rows, 0),
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

/** The state of the command; an empty one if there is none, because `explain` must not create it. */
async function openedState(input: CommandInput): Promise<StateStore> {
  try {
    return await openCommandState(input, { create: false });
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'ERR_ROLLCALL_STATE_MISSING') throw error;
    return memoryState();
  }
}

async function askOkta(
  { ids }: Trace,
  id: string,
  state: StateStore,
  { resolved: { settings }, context, stopping }: CommandInput,
): Promise<OktaAnswer[]> {
  const known = await state.target();
  const unknown = (why: string) => ids.map((): OktaAnswer => ({ found: 'unknown', why }));
  if ((settings.orgUrl ?? known?.orgUrl) === undefined) return unknown('no org is set (--org-url)');
  if ((settings.identitySource ?? known?.identitySourceId) === undefined)
    return unknown('no identity source is set (--identity-source)');
  if ((await readCredentials(context.env)) === undefined) return unknown('no credentials are set');
  const okta = await connect(settings, context, known);
  try {
    const answers: OktaAnswer[] = [];
    for (const { entity, source } of ids) {
      try {
        answers.push(await askOne(entity));
      } catch (error) {
        if (stopping.signal.aborted || !(error instanceof RollcallError)) throw error;
        answers.push({ found: 'unknown', why: error.message });
      }
      async function askOne(one: Entity): Promise<OktaAnswer> {
        for (const key of wantedKeys(one, id)) {
          const entityAtOkta = await readOne(okta, one, key, { signal: stopping.signal });
          if (entityAtOkta === undefined) continue;
          const { profile } = entityAtOkta;
          const expected = source?.first.find(({ result }) => result === 'record')?.profile;
          return {
            found: true,
            attributes: Object.keys(profile),
            differing: expected === undefined ? [] : differingAttributes(expected, profile),
          };
        }
        return { found: false };
      }
    }
    return answers;
  } finally {
    await okta.close();
  }
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
    ],
    okta,
    next: nextStep(traced),
  };
}
