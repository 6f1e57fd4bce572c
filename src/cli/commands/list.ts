import { Option } from 'commander';
import type { SettingKey } from '../settings/settings.js';
import { cancelCommand, CANCEL_SETTINGS } from './cancel.js';
import type { Command } from './command.js';
import { initCommand } from './init.js';
import { planCommand, PLAN_SETTINGS } from './plan.js';
import { simulateCommand, SIMULATE_FLAGS, type SimulateFlag } from './simulate.js';
import { exportCommand, importCommand, STATE_SETTINGS, verifyCommand } from './state.js';
import { statusCommand, STATUS_SETTINGS } from './status.js';
import { syncCommand, SYNC_SETTINGS } from './sync.js';

/** One command of the command line. */
export interface CommandSpec {
  /** Its name; two words for a command of a group; `<file>` for an argument that it takes. */
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
  readonly settings: readonly SettingKey[];
  /** Flags that are no settings. Made anew each time: commander keeps them. */
  readonly flags: () => Option[];
}

/** The commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'plan',
    summary: 'Shows what a sync would send. Sends nothing, and needs no credentials.',
    command: planCommand,
    settings: PLAN_SETTINGS,
    flags: output,
  },
  {
    name: 'sync',
    summary: 'Brings Okta in step with the sources.',
    command: syncCommand,
    settings: SYNC_SETTINGS,
    flags: () => [
      ...output(),
      new Option('--approve <hash>', 'let exactly this plan pass, whatever the guard says'),
      new Option(
        '--adopt <hash>',
        'take exactly this plan for what Okta holds already, and send nothing: for a state that was lost',
      ).conflicts('approve'),
    ],
  },
  {
    name: 'status',
    summary: 'Shows the state, and the active sessions at Okta.',
    command: statusCommand,
    settings: STATUS_SETTINGS,
    flags: output,
  },
  {
    name: 'cancel',
    summary: 'Cancels the session that this state left open.',
    command: cancelCommand,
    settings: CANCEL_SETTINGS,
    flags: () => [
      ...output(),
      new Option('--force <id>', 'cancel the session with this id, whoever opened it'),
    ],
  },
  {
    name: 'state export <file>',
    summary: 'Writes what the state knows to a file.',
    command: exportCommand,
    settings: STATE_SETTINGS,
    flags: output,
  },
  {
    name: 'state import <file>',
    summary: 'Fills an empty state from such a file.',
    command: importCommand,
    settings: STATE_SETTINGS,
    flags: output,
  },
  {
    name: 'state verify',
    summary: 'Reads the state to its end, and counts.',
    command: verifyCommand,
    settings: STATE_SETTINGS,
    flags: output,
  },
  {
    name: 'simulate',
    summary: 'Runs a local Okta org for trying things, until it is ended.',
    command: simulateCommand,
    settings: [],
    flags: () => [json(), ...Object.values(SIMULATE_FLAGS).map(simulateOption)],
  },
  {
    name: 'init',
    summary: 'Writes a config file and a mapping, by looking at the header of a CSV file.',
    command: initCommand,
    settings: [],
    flags: () => [
      json(),
      new Option('--users <file>', 'the CSV file of the users; its header is looked at'),
      new Option('--groups <file>', 'the file of the groups'),
      new Option('--memberships <file>', 'the file of the memberships'),
      new Option('--force', 'replace files that are there'),
    ],
  },
];

/** Commands that only hold others, with what they are for. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = Object.freeze({
  state: 'Copies the state to another place, and checks it.',
});

function output(): Option[] {
  return [
    new Option('--config <file>', 'the config file (default: rollcall.config.json, where it is there)'),
    json().conflicts('quiet'),
    new Option('--quiet', 'write nothing but why it failed'),
  ];
}

function json(): Option {
  return new Option('--json', 'write one JSON object a line to standard output');
}

function simulateOption({ flag, kind, description, fallback }: SimulateFlag): Option {
  return new Option(`${flag} <${kind.placeholder}>`, `${description} (default: ${fallback})`);
}
