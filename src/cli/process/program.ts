import { Command as Commander, Option } from 'commander';
import { COMMAND_GROUPS, COMMANDS, type CommandSpec } from '../commands/list.js';
import type { Flags } from '../settings/resolve-settings.js';
import type { Setting } from '../settings/setting.js';
import { GROUPS, SETTINGS, type SettingKey } from '../settings/settings.js';
import { VERSION } from './version.js';

/** Runs the command that the command line names. */
export type Execute = (spec: CommandSpec, flags: Flags) => Promise<void>;

/** The titles of the groups of flags in the help. */
const TITLES: readonly (readonly [title: string, keys: readonly SettingKey[]])[] = [
  ['Sources:', GROUPS.inputs],
  ['Guard:', GROUPS.guard],
  ['Okta:', GROUPS.connection],
  ['Sending:', GROUPS.sending],
];

/** Builds the commands and their flags from the list of commands and the table of settings. */
export function buildProgram(execute: Execute): Commander {
  const program = new Commander('rollcall')
    .description('Keeps Okta in sync with your system of record.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command');
  const groups = new Map<string, Commander>();
  for (const spec of COMMANDS) {
    const { name, summary, settings, flags } = spec;
    const [group = '', ...rest] = name.split(' ');
    const isGrouped = group in COMMAND_GROUPS;
    if (isGrouped && !groups.has(group))
      groups.set(group, addCommand(program, group, COMMAND_GROUPS[group] ?? ''));
    const parent = groups.get(group) ?? program;
    const added = addCommand(parent, isGrouped ? rest.join(' ') : name, summary);
    for (const option of [...flags(), ...settings.flatMap(settingOptions)]) added.addOption(option);
    // Arguments come before the flags: a flag with several values, such as --users, takes every word behind it.
    const words = name.match(/<\w+(?:\.{3})?>/g);
    if (words !== null) added.usage([...words, '[options]'].join(' '));
    // Commander passes the values of arguments first, then the flags, then the command.
    added.action(async (...given: unknown[]) => {
      const names = Array.from(name.matchAll(/<(\w+)(?:\.{3})?>/g), ([, argument]) => argument as string);
      const args = Object.fromEntries(names.map((argument, i) => [argument, given[i] as string | string[]]));
      return execute(spec, { ...(given.at(-2) as Flags), ...args });
    });
  }
  return program;
}

function addCommand(parent: Commander, name: string, summary: string): Commander {
  return parent
    .command(name)
    .description(summary)
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .allowExcessArguments(false);
}

function settingOptions(key: SettingKey): Option[] {
  const { flag, kind, description, fallback, env } = SETTINGS[key] as Setting<unknown>;
  if (flag === undefined) return [];
  const notes = [
    env === undefined ? [] : [`env: ${env}`],
    fallback === undefined ? [] : [`default: ${fallback}`],
  ].flat();
  const text = notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
  const title = TITLES.find(([, keys]) => keys.includes(key))?.[0];
  const inGroup = (option: Option) => (title === undefined ? option : option.helpGroup(title));
  if (kind.placeholder !== undefined) {
    const value = kind.many ? `<${kind.placeholder}...>` : `<${kind.placeholder}>`;
    return [inGroup(new Option(`${flag} ${value}`, text))];
  }
  // A flag must be able to turn off a setting that a config file turns on. The help shows only the positive flag.
  return [inGroup(new Option(flag, text)), new Option(flag.replace('--', '--no-'), `not ${flag}`).hideHelp()];
}
