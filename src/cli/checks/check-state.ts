import { BusyError } from '../../core/errors.js';
import { ENTITIES } from '../../core/model.js';
import type { StateStore, Target } from '../../state/store.js';
import type { CliContext } from '../process/io.js';
import type { Settings } from '../settings/settings.js';
import { openIfExists, statePlace } from '../settings/state-place.js';
import { count, formatTime, plural } from '../text/words.js';
import { fault, faultOf, ok, warning, type Check } from './check.js';

/** The check of the state, with what the checks of Okta need of it. */
export interface CheckedState {
  readonly check: Check;
  /** The org and identity source of the state; undefined if it has none, or was not opened. */
  readonly target: Target | undefined;
  /** The ids of its sessions in flight; undefined if it was not opened. */
  readonly sessions: ReadonlySet<string> | undefined;
}

const NAME = 'state';

/** Opens the state, if there is one. Creates none, and does not wait for another process. */
export async function checkState(settings: Settings, context: CliContext): Promise<CheckedState> {
  const place = statePlace(settings, context);
  const { shown } = place;
  const unopened = { target: undefined, sessions: undefined };
  try {
    await using state = await openIfExists(place, context);
    return state === undefined ? missing(settings, shown) : await checkOpen(state, shown);
  } catch (error) {
    if (!(error instanceof BusyError))
      return { ...unopened, check: faultOf(NAME, error, 'docs/operations.md says how to go on.') };
    const { pid, host, since } = error;
    const message = `${shown}: in use by process ${pid} on ${host} since ${formatTime(since)}`;
    return { ...unopened, check: warning(NAME, message, 'Another command waits for it (--wait-lock).') };
  }
}

function missing({ requireState }: Settings, shown: string): CheckedState {
  const text = `${shown}: does not exist yet`;
  const check =
    requireState === true
      ? fault(
          NAME,
          text,
          'Restore a copy; for the first run, "rollcall plan --no-require-state" creates it: --require-state is set.',
        )
      : ok(NAME, `${text}; the first plan or sync creates it`);
  return { check, target: undefined, sessions: new Set() };
}

async function checkOpen(state: StateStore, shown: string): Promise<CheckedState> {
  const target = await state.target();
  const counts = await state.counts();
  const held = ENTITIES.map((entity) => `${count(counts[entity].known)} ${entity}`).join(', ');
  const unknown = ENTITIES.reduce((sum, entity) => sum + counts[entity].unknown, 0);
  const journal = await state.journal.open();
  const open = [
    ...(unknown > 0 ? [`${plural(unknown, 'row')} unknown`] : []),
    ...(journal.length > 0 ? [`${plural(journal.length, 'session')} in flight`] : []),
  ];
  const content = target === undefined ? 'nothing has been sent yet' : `Okta confirmed ${held}`;
  const message = [`${shown}: ${content}`, ...open].join('; ');
  const check =
    open.length === 0
      ? ok(NAME, message)
      : warning(NAME, message, 'The next sync settles the sessions in flight, and sends unknown rows again.');
  const ids = journal.flatMap(({ sessionId }) => sessionId ?? []);
  return { check, target, sessions: new Set(ids) };
}
