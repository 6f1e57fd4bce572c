import type { Entity } from '../../core/model.js';
import { isObject } from './setting-kinds.js';
import { SETTING_KEYS, SETTINGS, type SettingKey } from './settings.js';
import type { DeclaredSourceOptions } from './source-spec.js';

/** The settings that each user decides, with an example value: a new config file shows them, as comments if they are not set. */
const SHOWN: Readonly<Partial<Record<SettingKey, unknown>>> = Object.freeze({
  orgUrl: 'https://example.okta.com',
  identitySource: '0oa1example',
  users: 'people.csv',
  groups: 'groups.csv',
  memberships: ['memberships.csv', 'more/*.csv.gz'],
  trailer: 'TRAILER,{count}',
  expectRows: { users: 1200 },
  completeMarker: 'export.done',
  map: 'rollcall.mapping.json',
  protect: ['admin', 'service-*'],
  exclude: ['contractor-*'],
  state: 'rollcall-state',
  report: 'reports',
  notify: 'https://hooks.example.com/rollcall',
  requireState: true,
  maxDeletePercent: 20,
  maxDeletes: 500,
  maxUpdatePercent: 50,
  allowRejects: false,
});

/** How the end of a file is noticed: no other source needs it. */
const OF_FILES: ReadonlySet<SettingKey> = new Set(['trailer', 'expectRows', 'completeMarker']);

/** The settings that a new config file sets. */
export type GivenSettings = Readonly<
  Partial<Record<'map' | 'format' | 'encoding' | 'delimiter' | 'jsonPath', string>> &
    Partial<Record<Entity, string | DeclaredSourceOptions>> & {
      readonly skipLines?: number;
      readonly requireState?: boolean;
    }
>;

/**
 * The text of a config file: the given settings, and as comments the others that each user decides.
 * @param examples - values to show for settings that are not given. @defaultValue the usual ones
 */
export function configText(
  given: GivenSettings,
  examples: Partial<Record<Entity, DeclaredSourceOptions>> = {},
): string {
  const values = given as Partial<Record<SettingKey, unknown>>;
  const shown: Partial<Record<SettingKey, unknown>> = { ...SHOWN, ...examples, ...values };
  const lines = SETTING_KEYS.flatMap((key) => {
    const isSet = values[key] !== undefined;
    if (shown[key] === undefined || (!isSet && OF_FILES.has(key) && isObject(given.users))) return [];
    const { description, fallback } = SETTINGS[key];
    const pair = `${JSON.stringify(key)}: ${jsonOf(shown[key])},`;
    const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
    return ['', `  // ${text}`, ...pair.split('\n').map((line) => (isSet ? '  ' : '  // ') + line)];
  });
  return [
    '// What most users decide. "rollcall help sync" and docs/cli.md have all settings, with their defaults.',
    "// A flag or one of Okta's environment variables overrides this file.",
    '// Do not write secrets here. Set OKTA_CLIENT_TOKEN, or set OKTA_CLIENT_TOKEN_FILE to a file with the token.',
    '{',
    ...lines.slice(1),
    '',
    '  // limits of the guard for one entity; they override the common limits',
    `  // "guard": ${JSON.stringify({ memberships: { maxDeletePercent: 40 } })},`,
    '}',
    '',
  ].join('\n');
}

/** A source is written over several lines, because people look at it. */
function jsonOf(value: unknown): string {
  const isSource = isObject(value) && Object.values(value).some(isObject);
  return isSource ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}
