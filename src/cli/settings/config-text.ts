import { ENTITIES, type Entity } from '../../core/model.js';
import { isObject } from './setting-kinds.js';
import { SETTING_KEYS, SETTINGS, type SettingKey } from './settings.js';
import type { DeclaredSourceOptions } from './source-spec.js';

/** An example value of each setting; a new config file shows it as a comment. */
const EXAMPLES: Readonly<Record<SettingKey, unknown>> = Object.freeze({
  orgUrl: 'https://example.okta.com',
  identitySource: '0oa1example',
  users: 'people.csv',
  groups: 'groups.csv',
  memberships: ['memberships.csv', 'more/*.csv.gz'],
  format: 'csv',
  delimiter: ';',
  encoding: 'windows-1252',
  skipLines: 1,
  trailer: 'TRAILER,{count}',
  expectRows: { users: 1200 },
  completeMarker: 'export.done',
  jsonPath: 'value',
  sheet: 'People',
  map: 'rollcall.mapping.json',
  today: '2026-12-31',
  state: 'rollcall-state',
  report: 'reports',
  notify: 'https://hooks.example.com/rollcall',
  requireState: true,
  waitLock: '90s',
  maxDeletePercent: 20,
  maxWeekDeletePercent: 20,
  minDeletes: 5,
  maxDeletes: 500,
  maxUpdatePercent: 50,
  minUpdates: 5,
  maxEmptiedPercent: 20,
  minEmptied: 5,
  maxUpdates: 5000,
  maxCreates: 1000,
  maxIdChanges: 3,
  maxGroupLossPercent: 50,
  minGroupLosses: 20,
  maxHeldBackDays: 7,
  maxMissingFiles: 0,
  minLeftOut: 5,
  maxRejectPercent: 5,
  minRejects: 20,
  allowEmpty: false,
  allowRejects: false,
  onDuplicate: 'reject',
  absenceReads: 2,
  absenceMinAge: '1h',
  protect: ['admin', 'service-*'],
  neverClear: ['costCenter'],
  exclude: ['contractor-*'],
  deleteExcluded: false,
  mode: 'full',
  completeFor: 'members',
  required: { users: ['userName', 'email'] },
  coerce: 'none',
  unsupportedCharacters: 'reject',
  mixed: false,
  cooldown: '5m',
  cooldownMin: '0s',
  poll: '2s',
  pollTimeout: '1h',
  patience: '15m',
  foreignSession: 'fail',
  sessionsInFlight: 2,
  requestsPerSession: 50,
  loadsInFlight: 4,
  verifySample: 20,
  ca: 'ca.pem',
  concurrency: 4,
  rateLimitShare: 0.5,
  requestTimeout: '60s',
  connectTimeout: '10s',
  maxAttempts: 6,
  maxResponseBytes: 8_388_608,
});

/** The settings that a new config file sets. */
export type GivenSettings = Readonly<
  Partial<Record<'map' | 'format' | 'encoding' | 'delimiter' | 'jsonPath', string>> &
    Partial<Record<Entity, string | DeclaredSourceOptions>> & {
      readonly skipLines?: number;
      readonly requireState?: boolean;
    }
>;

/**
 * The text of a config file that explains every setting; the given ones are set, the others are comments.
 * @param examples - values to show for settings that are not given. @defaultValue the usual ones
 */
export function configText(
  given: GivenSettings,
  examples: Partial<Record<Entity, DeclaredSourceOptions>> = {},
): string {
  const lines = SETTING_KEYS.flatMap((key) => {
    const { description, fallback } = SETTINGS[key];
    const value = (given as Partial<Record<SettingKey, unknown>>)[key];
    const shown = value ?? (examples as Partial<Record<SettingKey, unknown>>)[key] ?? EXAMPLES[key];
    const pair = `${JSON.stringify(key)}: ${jsonOf(shown)},`;
    const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
    const before = value === undefined ? '  // ' : '  ';
    return ['', `  // ${text}`, ...pair.split('\n').map((line) => before + line)];
  });
  return [
    "// Settings of rollcall; docs/cli.md explains them. A flag or one of Okta's environment variables overrides this file.",
    '// Do not write secrets here. Set OKTA_CLIENT_TOKEN, or set OKTA_CLIENT_TOKEN_FILE to a file with the token.',
    '{',
    ...lines.slice(1),
    '',
    '  // limits of the guard for one entity; they override the common limits',
    `  // "guard": ${JSON.stringify(Object.fromEntries(ENTITIES.slice(2).map((entity) => [entity, { maxDeletePercent: 40 }])))},`,
    '}',
    '',
  ].join('\n');
}

/** A source is written over several lines, because people look at it. */
function jsonOf(value: unknown): string {
  const isSource = isObject(value) && Object.values(value).some(isObject);
  return isSource ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}
