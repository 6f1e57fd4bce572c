import { setting } from './setting.js';
import { choice, duration, number, onOff } from './setting-kinds.js';

const DAY_MS = 86_400_000;

/** The settings of sessions, and of what counts as done. */
export const SENDING_SETTINGS = Object.freeze({
  allowRejects: setting(
    '--allow-rejects',
    onOff(),
    'exit with 0 instead of 5 if records were rejected or refused, or deletions are held back',
    { fallback: 'off' },
  ),
  cooldown: setting(
    '--cooldown',
    duration({ max: DAY_MS }),
    'the longest wait between triggering a session and creating the next',
    { fallback: '5m' },
  ),
  cooldownMin: setting(
    '--cooldown-min',
    duration({ max: DAY_MS }),
    'the shortest wait between triggering a session and creating the next',
    { fallback: '0s' },
  ),
  poll: setting(
    '--poll',
    duration({ min: 1, max: 3_600_000 }),
    'how often to check a session that Okta is importing',
    { fallback: '2s' },
  ),
  pollTimeout: setting(
    '--poll-timeout',
    duration(),
    'leave a session to the next run if Okta is still importing it after this time',
    { fallback: '1h' },
  ),
  patience: setting(
    '--patience',
    duration(),
    'how long requests that did not reach Okta are sent again before the run ends',
    { fallback: '15m' },
  ),
  foreignSession: setting(
    '--foreign-session',
    choice('fail', 'cancel', 'adopt'),
    'an open session that this state did not create: fail the run, cancel the session, or adopt it',
    { fallback: 'fail' },
  ),
  sessionsInFlight: setting(
    '--sessions-in-flight',
    number({ min: 1, max: 10, integer: true }),
    'the most sessions that are loaded or imported at the same time',
    { fallback: '2' },
  ),
  requestsPerSession: setting(
    '--requests-per-session',
    number({ min: 1, max: 50, integer: true }),
    'the most bulk requests of one session',
    { fallback: "50, Okta's limit" },
  ),
  loadsInFlight: setting(
    '--loads-in-flight',
    number({ min: 1, max: 50, integer: true }),
    'the most bulk requests of one session at the same time',
    { fallback: '4' },
  ),
  verifySample: setting(
    '--verify-sample',
    number({ min: 0, max: 100_000, integer: true }),
    'after the run, read so many of the confirmed changes back from Okta, chosen at random',
    { fallback: '0' },
  ),
});
