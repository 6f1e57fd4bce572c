import { BusyError, StateError } from '../../core/errors.js';
import type { OpenStateOptions } from '../../state/lmdb/open-state.js';
import { memoryState } from '../../state/memory/memory-state.js';
import type { StateStore } from '../../state/store.js';
import { openPlace, statePlace, type StatePlace } from '../settings/state-place.js';
import type { CommandInput } from './command.js';

/** Longer than the minute after which a process that gives no sign of life counts as dead. */
const WAIT_LOCK_MS = 90_000;
/** The pause between two attempts to open a state. */
const PAUSE_MS = 1000;

/**
 * Opens the state of a command. If another process uses it, waits for it as long as `--wait-lock` says.
 *
 * @param place - where it is, if that is not what the settings say
 * @throws {@link BusyError} if the state is still in use then
 */
export async function openCommandState(
  { resolved: { settings }, context, display, stopping }: CommandInput,
  options: Pick<OpenStateOptions, 'verify' | 'create' | 'moved'> = {},
  place: StatePlace = statePlace(settings, context),
): Promise<StateStore> {
  const { clock } = context;
  const elapsed = () => clock.elapsed?.() ?? clock.now();
  const began = elapsed();
  const waitMs = settings.waitLock ?? WAIT_LOCK_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await openPlace(place, context, { create: settings.requireState !== true, ...options });
    } catch (error) {
      if (settings.requireState && options.create !== false && error instanceof StateError)
        throw withWayOut(error);
      const leftMs = waitMs - (elapsed() - began);
      if (!(error instanceof BusyError) || leftMs <= 0) throw error;
      const { pid, host, since } = error;
      if (attempt === 1)
        display.progress({ type: 'state:busy', pid, host, since, until: new Date(clock.now() + leftMs) });
      await clock.sleep(Math.min(PAUSE_MS, leftMs), stopping.signal);
    }
  }
}

/** The state of a command that must not create one; an empty one in memory if there is none. */
export async function openExistingState(input: CommandInput): Promise<StateStore> {
  try {
    return await openCommandState(input, { create: false });
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'ERR_ROLLCALL_STATE_MISSING') throw error;
    return memoryState();
  }
}

/** Says how to go on without the state that is required. */
function withWayOut(error: StateError): StateError {
  if (error.code !== 'ERR_ROLLCALL_STATE_MISSING') return error;
  return new StateError(
    `${error.message}: restore a copy of it, or create a new one with --no-require-state, which cannot find people who left before`,
    { code: error.code },
  );
}
