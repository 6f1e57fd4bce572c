import { choice, duration, number, onOff, paths, text, texts, type Kind } from './setting-kinds.js';

/** One thing that can be set by a flag, by the environment, or in a config file. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** The long flag; undefined for what only a config file can say. */
  readonly flag: string | undefined;
  /** Okta's own name in the environment, where it has one; `..._FILE` names a file with the value. */
  readonly env?: string;
  /** One sentence for help, docs and the config file. */
  readonly description: string;
  /** The default, as a person would write it. */
  readonly fallback?: string;
}

function setting<T>(
  flag: string,
  kind: Kind<T>,
  description: string,
  more: { readonly env?: string; readonly fallback?: string } = {},
): Setting<T> {
  return Object.freeze({ flag, kind, description, ...more });
}

const PERCENT = { min: 0, max: 100 };
const COUNT = { min: 0, integer: true };
const DAY_MS = 86_400_000;
/** The state's directory where nobody names one. */
export const STATE_DIRECTORY = 'rollcall-state';

/**
 * Every setting, by its key in a config file. Flags, help, docs, the config file's check and its JSON Schema are all
 * made from this table.
 */
export const SETTINGS = Object.freeze({
  orgUrl: setting('--org-url', text('url'), 'the address of the Okta org, e.g. https://example.okta.com', {
    env: 'OKTA_CLIENT_ORGURL',
  }),
  identitySource: setting('--identity-source', text('id'), 'the id of the identity source at Okta', {
    env: 'OKTA_IDENTITY_SOURCE_ID',
  }),
  users: setting('--users', paths(), 'users: files, globs, or - for standard input; .gz is unpacked'),
  groups: setting('--groups', paths(), 'groups, likewise'),
  memberships: setting('--memberships', paths(), 'memberships, likewise'),
  format: setting(
    '--format',
    choice('csv', 'json', 'jsonl'),
    'the format of inputs whose name does not tell it, such as standard input',
  ),
  map: setting('--map', text('file', true), 'the mapping of columns to attributes', {
    fallback: "columns named as Okta's attributes",
  }),
  state: setting('--state', text('dir', true), 'the directory that holds what Okta was confirmed to hold', {
    fallback: STATE_DIRECTORY,
  }),
  report: setting('--report', text('dir', true), 'write reports into this directory'),
  maxDeletePercent: setting(
    '--max-delete-percent',
    number(PERCENT),
    'the guard: deletions, in percent of what Okta holds',
    { fallback: '20' },
  ),
  maxDeletes: setting('--max-deletes', number(COUNT), 'the guard: deletions', { fallback: 'no limit' }),
  maxUpdatePercent: setting(
    '--max-update-percent',
    number(PERCENT),
    'the guard: updates, in percent of what Okta holds',
    { fallback: '50' },
  ),
  maxUpdates: setting('--max-updates', number(COUNT), 'the guard: updates', { fallback: 'no limit' }),
  minPopulation: setting(
    '--min-population',
    number(COUNT),
    'the guard: percentages count only where Okta holds more than this',
    { fallback: '100' },
  ),
  maxRejectPercent: setting(
    '--max-reject-percent',
    number(PERCENT),
    'the guard: rejected records, in percent of those read',
    { fallback: '5' },
  ),
  minRejects: setting(
    '--min-rejects',
    number(COUNT),
    'the guard: --max-reject-percent counts only from this many rejects on',
    { fallback: '20' },
  ),
  allowEmpty: setting(
    '--allow-empty',
    onOff(),
    'the guard: let a source without records pass although Okta holds entities',
    { fallback: 'off' },
  ),
  onDuplicate: setting(
    '--on-duplicate',
    choice('reject', 'fail'),
    'what becomes of a record whose key came before in the same source',
    { fallback: 'reject' },
  ),
  absenceReads: setting(
    '--absence-reads',
    number({ min: 1, max: 1000, integer: true }),
    'delete only what was missing from this many complete reads in a row',
    { fallback: '1' },
  ),
  protect: setting(
    '--protect',
    texts('id'),
    'never delete these external ids; one that ends in * is how they begin',
  ),
  mixed: setting(
    '--mixed',
    onOff(),
    'send memberships in the session that creates their users and groups; Okta promises no order',
    { fallback: 'off' },
  ),
  cooldown: setting(
    '--cooldown',
    duration({ max: DAY_MS }),
    'the wait between triggering a session and creating the next',
    { fallback: '5m' },
  ),
  poll: setting(
    '--poll',
    duration({ min: 1, max: 3_600_000 }),
    'the time between two looks at a session that is being imported',
    { fallback: '2s' },
  ),
  pollTimeout: setting(
    '--poll-timeout',
    duration(),
    'the time after which a session that is still being imported is left to the next run',
    { fallback: '1h' },
  ),
  foreignSession: setting(
    '--foreign-session',
    choice('fail', 'cancel', 'adopt'),
    'what becomes of an open session that this state did not make',
    { fallback: 'fail' },
  ),
  ca: setting('--ca', text('file', true), "the certificates to trust in place of Node's own, as PEM"),
  concurrency: setting('--concurrency', number({ min: 1, max: 75, integer: true }), 'requests at a time', {
    fallback: '4',
  }),
  rateLimitShare: setting(
    '--rate-limit-share',
    number({ min: 0.01, max: 1 }),
    'the part of each rate-limit window that may be used',
    { fallback: '0.5' },
  ),
});

/** The key of a setting. */
export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** Settings with their values, wherever they came from; what nobody set is missing. */
export type Settings = { readonly [K in SettingKey]?: ValueOf<(typeof SETTINGS)[K]> };

/** All keys, in the order of the table. */
export const SETTING_KEYS = Object.freeze(Object.keys(SETTINGS)) as readonly SettingKey[];

/** The settings of each group of flags. */
export const GROUPS = Object.freeze({
  inputs: [
    'users',
    'groups',
    'memberships',
    'format',
    'map',
    'onDuplicate',
    'absenceReads',
    'protect',
    'mixed',
  ],
  guard: [
    'maxDeletePercent',
    'maxDeletes',
    'maxUpdatePercent',
    'maxUpdates',
    'minPopulation',
    'maxRejectPercent',
    'minRejects',
    'allowEmpty',
  ],
  connection: ['orgUrl', 'identitySource', 'ca', 'concurrency', 'rateLimitShare'],
  sending: ['cooldown', 'poll', 'pollTimeout', 'foreignSession'],
} satisfies Record<string, readonly SettingKey[]>);
