import type { Setting } from './setting.js';
import { SETTING_KEYS, SETTINGS } from './settings.js';

/** The text of `written-settings.ts`: the type of the settings of a config in code, made from the table of settings. */
export function settingsType(): string {
  const members = SETTING_KEYS.flatMap((key) => {
    const { description, fallback, kind } = SETTINGS[key] as Setting<unknown>;
    const text = `${description.charAt(0).toUpperCase()}${description.slice(1)}.`;
    return [
      `  /** ${text}${fallback === undefined ? '' : ` @defaultValue ${fallback}`} */`,
      `  readonly ${key}?: ${kind.type};`,
    ];
  });
  return [
    '// Made from the table of settings; test/cli/config-code.test.ts writes it with UPDATE_DOCS=1.',
    '/** The settings as a config file writes them. Durations are texts such as `5m`. */',
    'export interface WrittenSettings {',
    ...members,
    '}',
    '',
  ].join('\n');
}
