import { setting } from './setting.js';
import { duration, onOff, text } from './setting-kinds.js';
import { stateKind } from './state-kind.js';

/** The default directory of the state. */
export const STATE_DIRECTORY = 'rollcall-state';

/** The settings of a run: its state and its report. */
export const RUN_SETTINGS = Object.freeze({
  state: setting(
    '--state',
    stateKind(),
    'the directory in which rollcall stores the last state that Okta confirmed, or postgres://USER@HOST/DATABASE',
    { env: 'ROLLCALL_STATE', fallback: STATE_DIRECTORY },
  ),
  report: setting('--report', text('dir', true), 'write reports into this directory'),
  notify: setting(
    '--notify',
    text('url'),
    'send a signed message to this address if a sync fails, is stopped by the guard, or leaves something undone',
    { env: 'ROLLCALL_NOTIFY' },
  ),
  requireState: setting(
    '--require-state',
    onOff(),
    'fail if there is no state, instead of creating one: a lost state is noticed',
    { fallback: 'off' },
  ),
  waitLock: setting('--wait-lock', duration(), 'how long to wait for another process that uses the state', {
    fallback: '90s',
  }),
});
