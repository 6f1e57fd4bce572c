import {
  choice,
  day,
  delimiter,
  duration,
  number,
  onOff,
  paths,
  text,
  texts,
  type Kind,
} from './setting-kinds.js';
import { numberByEntity, oneOrByEntity, textsByEntity } from './entity-kinds.js';
import { replacement } from './replacement-kind.js';

/** A setting: set by a flag, by an environment variable, or in a config file. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** The long flag; undefined for a setting that only a config file can set. */
  readonly flag: string | undefined;
  /** Okta's own environment variable, if there is one; the variable `..._FILE` names a file with the value. */
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
const HOUR_MS = 3_600_000;
/** The default directory of the state. */
export const STATE_DIRECTORY = 'rollcall-state';

/**
 * Every setting, by its key in a config file. The flags, the help, the docs, the check of config files and their JSON
 * Schema are all generated from this table.
 */
export const SETTINGS = Object.freeze({
  orgUrl: setting('--org-url', text('url'), 'the address of the Okta org, e.g. https://example.okta.com', {
    env: 'OKTA_CLIENT_ORGURL',
  }),
  identitySource: setting('--identity-source', text('id'), 'the id of the identity source in Okta', {
    env: 'OKTA_IDENTITY_SOURCE_ID',
  }),
  users: setting(
    '--users',
    paths(),
    'the files with users: paths, globs, or - for standard input; gzip and ZIP are unpacked',
  ),
  groups: setting('--groups', paths(), 'the files with groups, in the same way'),
  memberships: setting('--memberships', paths(), 'the files with memberships, in the same way'),
  format: setting(
    '--format',
    choice('csv', 'json', 'jsonl', 'xlsx'),
    'the format of standard input and of unknown extensions; without such an input, of all inputs',
    { fallback: 'by the extension of the name' },
  ),
  delimiter: setting('--delimiter', delimiter(), 'CSV: the character between fields, or tab', {
    fallback: 'recognised from the header: comma, semicolon, tab or bar',
  }),
  encoding: setting('--encoding', text('name'), 'the encoding of the inputs, such as windows-1252', {
    fallback: 'UTF-8, or UTF-16 where the first bytes show it',
  }),
  skipLines: setting(
    '--skip-lines',
    number({ min: 0, max: 1000, integer: true }),
    'CSV: the number of lines before the header',
    { fallback: '0' },
  ),
  trailer: setting(
    '--trailer',
    text('text'),
    'CSV: the last line of each file, e.g. TRAILER,{count}; a file without it was cut off',
  ),
  expectRows: setting(
    '--expect-rows',
    numberByEntity(),
    'the rows of the input, or of several: users=1200 groups=30; with another number it was cut off',
    { fallback: 'any number' },
  ),
  completeMarker: setting(
    '--complete-marker',
    text('file', true),
    'a file that is written when the export is complete; without it, or if it is older, a file was cut off',
  ),
  jsonPath: setting('--json-path', text('path'), 'JSON: the path of the array in the document, e.g. value', {
    fallback: 'the document is the array',
  }),
  sheet: setting(
    '--sheet',
    text('name|n'),
    'Excel: the name of the sheet, or its number among the visible ones',
    {
      fallback: 'the first visible sheet',
    },
  ),
  map: setting('--map', text('file', true), 'the mapping file, which maps columns to attributes', {
    fallback: "columns named after Okta's attributes",
  }),
  today: setting('--today', day(), 'the day that a mapping calls today, so that a plan can be repeated', {
    fallback: 'the current day in UTC',
  }),
  state: setting(
    '--state',
    text('dir', true),
    'the directory in which rollcall stores the last state that Okta confirmed',
    { fallback: STATE_DIRECTORY },
  ),
  report: setting('--report', text('dir', true), 'write reports into this directory'),
  requireState: setting(
    '--require-state',
    onOff(),
    'fail if there is no state, instead of creating one: a lost state is noticed',
    { fallback: 'off' },
  ),
  waitLock: setting('--wait-lock', duration(), 'how long to wait for another process that uses the state', {
    fallback: '90s',
  }),
  maxDeletePercent: setting(
    '--max-delete-percent',
    number(PERCENT),
    'guard: the most deletions, in percent of the entities in Okta that are not protected',
    { fallback: '20' },
  ),
  maxWeekDeletePercent: setting(
    '--max-week-delete-percent',
    number(PERCENT),
    'guard: the most deletions of this plan and of the last seven days together, in percent',
    { fallback: 'that of --max-delete-percent' },
  ),
  minDeletes: setting(
    '--min-deletes',
    number(COUNT),
    'guard: this many deletions are allowed whatever their share',
    { fallback: '5' },
  ),
  maxDeletes: setting('--max-deletes', number(COUNT), 'guard: the most deletions', { fallback: 'no limit' }),
  maxUpdatePercent: setting(
    '--max-update-percent',
    number(PERCENT),
    'guard: the most updates, in percent of the entities in Okta',
    { fallback: '50' },
  ),
  minUpdates: setting(
    '--min-updates',
    number(COUNT),
    'guard: this many updates are allowed whatever their share',
    { fallback: '5' },
  ),
  maxEmptiedPercent: setting(
    '--max-emptied-percent',
    number(PERCENT),
    'guard: the most people or groups that lose the text of one attribute, in percent of those in Okta',
    { fallback: '20' },
  ),
  minEmptied: setting(
    '--min-emptied',
    number(COUNT),
    'guard: this many may lose the text of an attribute whatever their share',
    { fallback: '5' },
  ),
  maxUpdates: setting('--max-updates', number(COUNT), 'guard: the most updates', { fallback: 'no limit' }),
  maxCreates: setting('--max-creates', number(COUNT), 'guard: the most creations', { fallback: 'no limit' }),
  maxIdChanges: setting(
    '--max-id-changes',
    number(COUNT),
    'guard: the most people who come back under another external id (same userName)',
    { fallback: '3' },
  ),
  maxGroupLossPercent: setting(
    '--max-group-loss-percent',
    number(PERCENT),
    'guard: the most members that one group may lose, in percent of its members',
    { fallback: '50' },
  ),
  minGroupLosses: setting(
    '--min-group-losses',
    number(COUNT),
    'guard: each group may lose this many members whatever their share',
    { fallback: '20' },
  ),
  maxHeldBackDays: setting(
    '--max-held-back-days',
    number({ min: 0 }),
    'guard: the most days for which deletions may be held back',
    { fallback: '7' },
  ),
  maxMissingFiles: setting(
    '--max-missing-files',
    number(COUNT),
    'guard: by how many files an input may have fewer than at the last complete run',
    { fallback: '0' },
  ),
  maxRejectPercent: setting(
    '--max-reject-percent',
    number(PERCENT),
    'guard: the most rejected records, in percent of the records read',
    { fallback: '5' },
  ),
  minRejects: setting(
    '--min-rejects',
    number(COUNT),
    'guard: --max-reject-percent applies only from this number of rejected records on',
    { fallback: '20' },
  ),
  allowEmpty: setting(
    '--allow-empty',
    onOff(),
    'guard: accept a source without records, even if Okta has entities',
    { fallback: 'off' },
  ),
  allowRejects: setting(
    '--allow-rejects',
    onOff(),
    'exit with 0 instead of 5 if records were rejected or refused, or deletions are held back',
    { fallback: 'off' },
  ),
  onDuplicate: setting(
    '--on-duplicate',
    choice('reject', 'fail'),
    'a record whose id appears earlier in the same source: reject it, or fail the run',
    { fallback: 'reject' },
  ),
  absenceReads: setting(
    '--absence-reads',
    number({ min: 1, max: 1000, integer: true }),
    'delete an entity only after it was missing from this many complete reads in a row',
    { fallback: '1' },
  ),
  absenceMinAge: setting(
    '--absence-min-age',
    duration(),
    'a read counts for --absence-reads only if the last one that counted is this old',
    { fallback: '1h' },
  ),
  protect: setting(
    '--protect',
    texts('id'),
    'never delete these external ids; an id that ends in * is a prefix',
  ),
  neverClear: setting(
    '--never-clear',
    texts('attribute'),
    'attributes of users and groups that are never cleared in Okta, e.g. one that its schema does not have any more',
  ),
  exclude: setting(
    '--exclude',
    texts('id'),
    'leave these external ids alone, in the sources and in Okta; an id that ends in * is a prefix',
  ),
  deleteExcluded: setting(
    '--delete-excluded',
    onOff(),
    'delete in Okta what --exclude names, instead of leaving it alone',
    { fallback: 'off' },
  ),
  mode: setting(
    '--mode',
    oneOrByEntity(choice('full', 'delta'), 'full or delta'),
    'delta: a feed of changes, in which only marked records are deleted; for one input: memberships=delta',
    { fallback: 'full' },
  ),
  completeFor: setting(
    '--complete-for',
    choice('members', 'groups'),
    'with memberships=delta: the feed has all memberships of each person, or group, that it names, and the others end',
  ),
  required: setting(
    '--required',
    textsByEntity(),
    'the attributes that every record must have: users=userName,email',
    { fallback: 'users=userName,email groups=displayName' },
  ),
  coerce: setting(
    '--coerce',
    choice('none', 'numbers', 'booleans', 'all'),
    'records in JSON: which values become texts; without it, a record with another value than a text is rejected',
    { fallback: 'none' },
  ),
  unsupportedCharacters: setting(
    '--unsupported-characters',
    replacement(),
    'characters beyond U+FFFF, such as emoji, which Okta does not accept: reject the record, or replace them',
    { fallback: 'reject' },
  ),
  mixed: setting(
    '--mixed',
    onOff(),
    'send memberships in the same session as new users and groups, although Okta does not promise the order',
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
  ca: setting(
    '--ca',
    text('file', true),
    "a PEM file with the CA certificates to trust instead of Node's own",
  ),
  concurrency: setting(
    '--concurrency',
    number({ min: 1, max: 75, integer: true }),
    'the most requests at the same time',
    { fallback: '4' },
  ),
  rateLimitShare: setting(
    '--rate-limit-share',
    number({ min: 0.01, max: 1 }),
    'the share of each rate-limit window that rollcall may use',
    { fallback: '0.5' },
  ),
  requestTimeout: setting(
    '--request-timeout',
    duration({ min: 1, max: HOUR_MS }),
    'the longest time of one attempt of a request',
    { fallback: '60s' },
  ),
  connectTimeout: setting(
    '--connect-timeout',
    duration({ min: 1, max: HOUR_MS }),
    'the longest time to connect',
    { fallback: '10s' },
  ),
  maxAttempts: setting(
    '--max-attempts',
    number({ min: 1, max: 100, integer: true }),
    'the most attempts of one request, including the first',
    { fallback: '6' },
  ),
  maxResponseBytes: setting(
    '--max-response-bytes',
    number({ min: 1, max: 2 ** 30, integer: true }),
    'the largest response that is read, in bytes',
    { fallback: '8388608' },
  ),
});

/** The key of a setting. */
export type SettingKey = keyof typeof SETTINGS;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The values of settings, whatever their origin; settings that were not set are missing. */
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
    'delimiter',
    'encoding',
    'skipLines',
    'trailer',
    'expectRows',
    'completeMarker',
    'jsonPath',
    'sheet',
    'map',
    'today',
    'onDuplicate',
    'absenceReads',
    'absenceMinAge',
    'protect',
    'neverClear',
    'exclude',
    'deleteExcluded',
    'mode',
    'completeFor',
    'required',
    'coerce',
    'unsupportedCharacters',
    'mixed',
  ],
  guard: [
    'maxDeletePercent',
    'maxWeekDeletePercent',
    'minDeletes',
    'maxDeletes',
    'maxUpdatePercent',
    'minUpdates',
    'maxUpdates',
    'maxCreates',
    'maxIdChanges',
    'maxEmptiedPercent',
    'minEmptied',
    'maxGroupLossPercent',
    'minGroupLosses',
    'maxHeldBackDays',
    'maxMissingFiles',
    'maxRejectPercent',
    'minRejects',
    'allowEmpty',
  ],
  connection: [
    'orgUrl',
    'identitySource',
    'ca',
    'concurrency',
    'rateLimitShare',
    'requestTimeout',
    'connectTimeout',
    'maxAttempts',
    'maxResponseBytes',
  ],
  sending: [
    'cooldown',
    'cooldownMin',
    'poll',
    'pollTimeout',
    'patience',
    'foreignSession',
    'sessionsInFlight',
    'requestsPerSession',
    'loadsInFlight',
    'verifySample',
    'allowRejects',
  ],
} satisfies Record<string, readonly SettingKey[]>);
