import { CONNECTION_SETTINGS } from './connection-settings.js';
import { GUARD_SETTINGS } from './guard-settings.js';
import { INPUT_SETTINGS } from './input-settings.js';
import { RUN_SETTINGS } from './run-settings.js';
import { SENDING_SETTINGS } from './sending-settings.js';
import type { Setting } from './setting.js';

/**
 * Every setting, by its key in a config file. The flags, the help, the docs, the check of config files and their JSON
 * Schema are all generated from this table.
 */
export const SETTINGS = Object.freeze({
  ...CONNECTION_SETTINGS,
  ...INPUT_SETTINGS,
  ...RUN_SETTINGS,
  ...GUARD_SETTINGS,
  ...SENDING_SETTINGS,
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
  connection: keysOf(CONNECTION_SETTINGS),
  inputs: keysOf(INPUT_SETTINGS),
  guard: keysOf(GUARD_SETTINGS),
  sending: keysOf(SENDING_SETTINGS),
});

function keysOf<T extends object>(settings: T): readonly (keyof T)[] {
  return Object.freeze(Object.keys(settings)) as readonly (keyof T)[];
}
