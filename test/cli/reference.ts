import type { Command } from 'commander';
import { EXIT_MEANINGS } from '../../src/cli/process/exit-codes.js';
import { CREDENTIAL_VARIABLES } from '../../src/cli/settings/credentials.js';
import { EVENT_SCHEMAS } from '../../src/cli/display/event-schema.js';
import { buildProgram } from '../../src/cli/process/program.js';
import type { Setting } from '../../src/cli/settings/setting.js';
import { SETTING_KEYS, SETTINGS } from '../../src/cli/settings/settings.js';

/** The parts of docs/cli.md that are made from the code, by their names. */
export function references(): ReadonlyMap<string, string> {
  const program = buildProgram(() => Promise.resolve());
  const commands = withChildren(program);
  return new Map([
    ...commands.map((command) => [`help ${nameOf(command, program)}`, helpOf(command)] as const),
    ['exit codes', exitCodes()],
    ['settings', settings()],
    ['credentials', credentials()],
    ['events', events()],
  ]);
}

function nameOf(command: Command, program: Command): string {
  const { parent } = command;
  if (command === program || parent === null) return 'rollcall';
  return parent === program ? command.name() : `${parent.name()} ${command.name()}`;
}

function withChildren(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withChildren)];
}

function helpOf(command: Command): string {
  command.configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false });
  return `\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\``;
}

function settings(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { flag, env, kind, description, fallback } = SETTINGS[key] as Setting<unknown>;
    const value = kind.placeholder === undefined ? 'true, false' : kind.placeholder.replaceAll('|', ', ');
    const names = [flag, env].filter((name) => name !== undefined).map((name) => `\`${name}\``);
    return [`\`${key}\``, names.join(' '), kind.many ? `${value}, list` : value, description, fallback ?? ''];
  });
  return table(['Key', 'Flag and environment', 'Value', 'Meaning', 'Default'], rows);
}

function exitCodes(): string {
  return table(
    ['Code', 'Meaning'],
    EXIT_MEANINGS.map(([code, meaning]) => [`\`${code}\``, meaning]),
  );
}

function credentials(): string {
  const rows = Object.entries(CREDENTIAL_VARIABLES).map(([name, text]) => [`\`${name}\``, text]);
  return table(['Variable', 'Content'], rows);
}

function events(): string {
  const rows = Object.entries(EVENT_SCHEMAS).map(([type, { description, members, optional = [] }]) => {
    const names = Object.keys(members).map((name) =>
      (optional as readonly string[]).includes(name) ? `\`${name}\`?` : `\`${name}\``,
    );
    return [`\`${type}\``, description, names.join(', ')];
  });
  return table(['`type`', 'What happened', 'Members'], rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
