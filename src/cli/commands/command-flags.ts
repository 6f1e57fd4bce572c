import { Option } from 'commander';
import { SETTINGS } from '../settings/settings.js';
import type { SimulateFlag } from './simulate.js';

/** The flags of all commands that tell something: the config file, and the form of what is told. */
export function output(): Option[] {
  return [
    new Option(
      '--config <file>',
      'the config file, JSON or code (default: rollcall.config.json, .ts or .mjs, if it exists)',
    ),
    json().conflicts('quiet'),
    new Option('--quiet', 'write nothing but errors and what was left undone'),
    ...color(),
  ];
}

/** Both flags, so that neither is the default: then the terminal and the environment decide. */
function color(): Option[] {
  return [
    new Option('--color', 'use colours, also in a pipe (default: in a terminal that has them)'),
    new Option('--no-color', 'use no colours; so do the environment variable NO_COLOR and TERM=dumb'),
  ];
}

/** Of the commands that make a plan. */
export function resend(): Option {
  return new Option(
    '--resend <what...>',
    'doubt the state: send records again, or delete them if they left the source: all, users, groups, memberships, or ids of users and groups',
  );
}

/** Of the commands that read feeds. */
export function retryOwed(): Option {
  return new Option(
    '--retry-owed',
    'read feeds with a watermark from the oldest record that is owed, also if it is not due yet: after a mistake was mended',
  );
}

/** A part of the plan. */
export function selection(): Option[] {
  return [
    new Option(
      '--only <id...>',
      'send only the changes of these users and groups, with their memberships; the rest stays for the next sync',
    ).conflicts('first'),
    new Option('--first <n>', 'for a trial: send only the first n creations and updates, and remove nothing'),
  ];
}

/** Of the commands that make a plan. */
export function changes(): Option {
  return new Option(
    '--changes <file>',
    'write every change of the plan to a .csv or .jsonl file: entity, action, ids and reason',
  );
}

/** Of the commands that list deletions. */
export function names(): Option {
  return new Option(
    '--names <attribute...>',
    'show these attributes of the people and groups that would be deleted, e.g. firstName department, and count them by these: read from Okta; with --report, the report has them too',
  );
}

/** Part of {@link output}, and alone for a command without a config file. */
export function json(): Option {
  return new Option('--json', 'write JSON to standard output, one object per line');
}

/** The flag of a setting, for a command that reads neither the environment nor the config file. */
export function ofSetting(key: 'delimiter' | 'encoding' | 'skipLines'): Option {
  const { flag, kind, description, fallback } = SETTINGS[key];
  return new Option(`${flag} <${kind.placeholder}>`, `${description} (default: ${fallback})`);
}

/** A flag of `simulate`, from its table. */
export function simulateOption({ flag, kind, description, fallback }: SimulateFlag): Option {
  return new Option(`${flag} <${kind.placeholder}>`, `${description} (default: ${fallback})`);
}
