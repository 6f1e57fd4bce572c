import { Option } from 'commander';
import type { SettingKey } from '../settings/settings.js';
import { cancelCommand, CANCEL_SETTINGS } from './cancel.js';
import { checkCommand, CHECK_SETTINGS } from './check.js';
import type { Command } from './command.js';
import {
  changes,
  json,
  names,
  ofSetting,
  output,
  resend,
  retryOwed,
  selection,
  simulateOption,
} from './command-flags.js';
import { completionCommand } from './completion.js';
import { deactivateCommand, DEACTIVATE_SETTINGS } from './deactivate.js';
import { explainCommand, EXPLAIN_SETTINGS } from './explain.js';
import { initCommand } from './init.js';
import { owedCommand } from './owed.js';
import { planCommand, PLAN_SETTINGS } from './plan.js';
import { simulateCommand, SIMULATE_FLAGS } from './simulate.js';
import {
  exportCommand,
  importCommand,
  migrateCommand,
  RETARGET_SETTINGS,
  retargetCommand,
  STATE_SETTINGS,
  verifyStateCommand,
} from './state.js';
import { moveCommand, MOVE_SETTINGS } from './move-state.js';
import { statusCommand, STATUS_SETTINGS } from './status.js';
import { syncCommand, SYNC_SETTINGS } from './sync.js';
import { verifyCommand, VERIFY_SETTINGS } from './verify.js';

/** One command of the command line. */
export interface CommandSpec {
  /** The name: two words for a command of a group, and `<file>`, `<id>`, `<id...>` or `<shell>` for an argument. */
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
  readonly settings: readonly SettingKey[];
  /** Creates the flags that are not settings. A function, because commander changes the flags that it gets. */
  readonly flags: () => Option[];
}

/** The commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'check',
    summary: 'Checks the settings, the sources, the state and Okta, and says what to do. Changes nothing.',
    command: checkCommand,
    settings: CHECK_SETTINGS,
    flags: output,
  },
  {
    name: 'plan',
    summary: 'Shows what a sync would send. Changes nothing in Okta, and works without credentials.',
    command: planCommand,
    settings: PLAN_SETTINGS,
    flags: () => [
      ...output(),
      resend(),
      retryOwed(),
      ...selection(),
      changes(),
      names().conflicts(['json', 'quiet']),
    ],
  },
  {
    name: 'sync',
    summary: 'Sends the changes that bring Okta in sync with the sources.',
    command: syncCommand,
    settings: SYNC_SETTINGS,
    flags: () => [
      ...output(),
      resend(),
      retryOwed(),
      ...selection(),
      changes(),
      // A stopped run names the deletions with --quiet too: they are part of its error.
      names().conflicts('json'),
      new Option(
        '--leave-session',
        'give up a session that Okta has not finished within --poll-timeout, and send its changes again',
      ),
      new Option(
        '--approve <hash>',
        'send the plan with this hash, even if it exceeds the limits of the guard',
      ),
      new Option(
        '--adopt <hash>',
        'send nothing, and record the plan with this hash as already done in Okta: for a state that was lost; with the word verified instead of a hash, read Okta first and record only what is the same',
      ).conflicts(['approve', 'resend', 'only', 'first', 'changes', 'names']),
    ],
  },
  {
    name: 'verify',
    summary: 'Reads what Okta holds, and compares it with the state or the sources. Sends nothing.',
    command: verifyCommand,
    settings: VERIFY_SETTINGS,
    flags: () => [
      ...output(),
      new Option('--sources', 'compare with the sources instead of the state; so do --users and its like'),
      new Option('--sample <n>', 'read only this many groups with their members, chosen at random'),
      new Option(
        '--one-by-one',
        'read users one by one instead of in pages: for credentials without the scope okta.apps.read; --sample applies to users as well',
      ),
      new Option(
        '--repair',
        'doubt what is missing or differs, so that the next sync sends it again; verify itself sends nothing',
      ),
    ],
  },
  {
    name: 'explain <id>',
    summary:
      'Shows one user, group or membership (GROUP/MEMBER) in the sources, the state and Okta, and what the next sync does with it. Changes nothing.',
    command: explainCommand,
    settings: EXPLAIN_SETTINGS,
    flags: () => [
      ...output(),
      new Option('--entity <entity>', 'users, groups or memberships, if several have the id (default: all)'),
      new Option('--login', 'the argument is the login of a user (userName), and the id is looked for'),
    ],
  },
  {
    name: 'status',
    summary: 'Shows the state, and the active sessions in Okta.',
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
      new Option('--force <id>', 'cancel the session with this id, even if this state did not create it'),
      new Option(
        '--forget <id>',
        'give up the session with this id, which Okta does not finish: the next sync sends its changes again',
      ).conflicts('force'),
    ],
  },
  {
    name: 'deactivate <id...>',
    summary: 'Ends the access of single people at once. Without --yes it only looks whether Okta has them.',
    command: deactivateCommand,
    settings: DEACTIVATE_SETTINGS,
    flags: () => [
      ...output(),
      new Option('--yes', 'send the requests; without it nothing is sent'),
      new Option('--max <n>', 'the most people at a time (default: 5)'),
    ],
  },
  {
    name: 'state export <file>',
    summary: 'Writes the content of the state to a file.',
    command: exportCommand,
    settings: STATE_SETTINGS,
    flags: output,
  },
  {
    name: 'state import <file>',
    summary: 'Fills an empty state from an exported file.',
    command: importCommand,
    settings: STATE_SETTINGS,
    flags: () => [
      ...output(),
      new Option(
        '--as-of-now',
        'nothing was synced since the export: its rows are confirmed, and not sent again',
      ),
    ],
  },
  {
    name: 'state verify',
    summary: 'Reads and checks the whole state, and counts its rows.',
    command: verifyStateCommand,
    settings: STATE_SETTINGS,
    flags: output,
  },
  {
    name: 'state owed',
    summary:
      'Lists the records of delta feeds that Okta does not have, because they were rejected or refused.',
    command: owedCommand,
    settings: STATE_SETTINGS,
    flags: () => [
      ...output(),
      new Option(
        '--forget <what...>',
        'remove records from the list, which no feed will contain again: all, users, groups, memberships, or ids (GROUP/MEMBER for a membership)',
      ),
    ],
  },
  {
    name: 'state migrate',
    summary: 'Creates the tables of states in PostgreSQL, or brings them to the version of this rollcall.',
    command: migrateCommand,
    settings: ['state'],
    flags: output,
  },
  {
    name: 'state move <from> <to>',
    summary:
      'Moves the state from one place to another, a directory or an address of PostgreSQL: nothing is lost, and nothing is sent again.',
    command: moveCommand,
    settings: MOVE_SETTINGS,
    flags: output,
  },
  {
    name: 'state retarget',
    summary: 'Gives the state the new address of its org (--org-url); the identity source stays the same.',
    command: retargetCommand,
    settings: RETARGET_SETTINGS,
    flags: output,
  },
  {
    name: 'simulate',
    summary: 'Runs a local Okta org for tests, until you stop it.',
    command: simulateCommand,
    settings: [],
    flags: () => [json(), ...Object.values(SIMULATE_FLAGS).map(simulateOption)],
  },
  {
    name: 'init',
    summary:
      'Writes a config file and a mapping derived from the columns and the values of your users, and creates the state.',
    command: initCommand,
    settings: [],
    flags: () => [
      json(),
      new Option(
        '--users <file>',
        'the file with users, from which the mapping is derived: CSV, JSON or Excel',
      ),
      new Option(
        '--users-from <address>',
        'the database or directory with users: env:NAME, where the environment variable NAME has postgres://... or mysql://...; or sqlite:FILE; or ldaps://HOST/BASE?ATTRIBUTES?SCOPE?FILTER',
      ),
      new Option('--query <select>', 'the query of the users, for a database'),
      new Option('--bind-dn <dn>', 'the account that reads a directory; its password is in LDAP_PASSWORD'),
      new Option('--ldap-ca <file>', 'a PEM file with the CA certificates of a directory to trust'),
      new Option('--groups <file>', 'the file with groups'),
      new Option('--memberships <file>', 'the file with memberships'),
      new Option('--json-path <path>', 'the path of the array of records in a JSON document'),
      ofSetting('skipLines'),
      ofSetting('delimiter'),
      ofSetting('encoding'),
      new Option('--force', 'replace existing files'),
    ],
  },
  {
    name: 'completion <shell>',
    summary: 'Prints a script that completes commands, flags and values in bash, zsh or fish.',
    command: completionCommand,
    settings: [],
    flags: () => [],
  },
];

/** Groups of commands, with their summaries. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = Object.freeze({
  state: 'Exports, imports, moves, checks, migrates or retargets the state, or lists what it owes.',
});
