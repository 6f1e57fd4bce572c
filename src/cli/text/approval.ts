import type { Flags } from '../settings/resolve-settings.js';
import type { Setting } from '../settings/setting.js';
import { SETTINGS, type SettingKey } from '../settings/settings.js';

/** Flags that decide what is shown, and not what is sent. */
const ONLY_SHOWN = new Set(['json', 'quiet', 'color', 'names', 'changes']);
/** Flags that take the place of an approval. */
const REPLACED = new Set(['approve', 'adopt']);

/**
 * The command, as words, that approves a plan: `sync` with the flags in use, because with other inputs or limits it is another plan.
 *
 * @param flags - of the command that made the plan, as they were written
 */
export function approvalWords(flags: Flags, hash: string): string[] {
  return [
    ...commandWords('sync', flags, (key) => !ONLY_SHOWN.has(key) && !REPLACED.has(key)),
    '--approve',
    hash,
  ];
}

/** The address of `--notify` may contain a secret, such as that of a chat. */
const HIDDEN = new Set(['notify']);

/** A command with its flags, as words. Other secrets are never flags. */
export function commandWords(
  command: string,
  flags: Flags,
  isWanted: (key: string) => boolean = () => true,
): string[] {
  const words = Object.entries(flags).flatMap(([key, value]) => {
    if (value === undefined || HIDDEN.has(key) || !isWanted(key)) return [];
    const flag = flagOf(key);
    if (value === true) return [flag];
    if (value === false) return [flag.replace('--', '--no-')];
    return [flag, ...(typeof value === 'string' ? [value] : value)];
  });
  return ['rollcall', command, ...words];
}

function flagOf(key: string): string {
  const known = (SETTINGS as Readonly<Record<string, Setting<unknown> | undefined>>)[key as SettingKey];
  return known?.flag ?? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
