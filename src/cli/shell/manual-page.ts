import { EXIT_MEANINGS } from '../process/exit-codes.js';
import { CREDENTIAL_VARIABLES } from '../settings/credentials.js';
import { SETTING_KEYS, SETTINGS } from '../settings/settings.js';
import type { Setting } from '../settings/setting.js';
import { withChildren, type CommandLine, type FlagSpec } from './command-line.js';

/** The manual page of the program in roff, with the macros of `man`. */
export function manualPage(program: CommandLine): string {
  const name = program.path[0] as string;
  const commands = withChildren(program).filter(({ children }) => children.length === 0);
  const shared = sharedFlags(commands);
  return [
    `.TH ${name.toUpperCase()} 1`,
    '.SH NAME',
    `${name} \\- keeps Okta in sync with your system of record`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    '[\\fIflags\\fR]',
    '.SH DESCRIPTION',
    ...paragraph(program.summary),
    'Each run reads the sources, compares them with the last state that Okta confirmed, and sends only the differences.',
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(command, shared)),
    '.SH FLAGS OF SEVERAL COMMANDS',
    'Each command above lists the flags that it takes.',
    ...[...shared.values()].flatMap(flagLines),
    '.SH ENVIRONMENT',
    'Each variable may also be set with _FILE at the end of its name, to a file with the value. A flag overrides its variable.',
    ...Object.entries(CREDENTIAL_VARIABLES).flatMap(([variable, text]) => item(`.B ${variable}`, text)),
    ...SETTING_KEYS.flatMap((key) => {
      const { env, flag, description } = SETTINGS[key] as Setting<unknown>;
      return env === undefined ? [] : item(`.B ${env}`, `${description}; like ${flag}`);
    }),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => item(`.B ${code}`, meaning)),
    '.SH FILES',
    ...item('.I rollcall.config.json', 'the config file; .ts and .mjs may be in place of .json'),
    ...item('.I rollcall\\-state', 'the default directory of the state'),
    '',
  ].join('\n');
}

/** Flags that more than one command has, with the same description everywhere. */
function sharedFlags(commands: readonly CommandLine[]): ReadonlyMap<string, FlagSpec> {
  const found = new Map<string, FlagSpec[]>();
  for (const flag of commands.flatMap(({ flags }) => flags))
    found.set(flag.long, [...(found.get(flag.long) ?? []), flag]);
  const isShared = (list: readonly FlagSpec[]) =>
    list.length > 1 && new Set(list.map(({ description }) => description)).size === 1;
  return new Map(
    [...found].filter(([, list]) => isShared(list)).map(([long, [flag]]) => [long, flag as FlagSpec]),
  );
}

function commandLines(command: CommandLine, shared: ReadonlyMap<string, FlagSpec>): readonly string[] {
  const { path, summary, args, flags } = command;
  const operands = args.map(({ name, many }) => ` \\fI${escaped(name)}\\fR${many ? '...' : ''}`).join('');
  const others = flags.filter(({ long }) => shared.has(long)).map(({ long }) => escaped(long));
  return [
    `.SS ${escaped(path.slice(1).join(' '))}${operands}`,
    ...paragraph(summary),
    ...flags.filter(({ long }) => !shared.has(long)).flatMap(flagLines),
    ...(others.length === 0 ? [] : ['.PP', `Flags: ${others.join(', ')}.`]),
  ];
}

function flagLines({ long, short, description, value }: FlagSpec): readonly string[] {
  const names = [short, long].filter((name) => name !== undefined).map((name) => `\\fB${escaped(name)}\\fR`);
  const placeholder =
    value === undefined ? '' : ` \\fI${escaped(value.placeholder)}\\fR${value.many ? '...' : ''}`;
  return item(`${names.join(', ')}${placeholder}`, description);
}

function item(head: string, text: string): readonly string[] {
  return ['.TP', head, ...paragraph(text)];
}

/** Text on lines of its own; a line that begins with a dot or an apostrophe would be a request of roff. */
function paragraph(text: string): readonly string[] {
  return [escaped(text).replace(/^(?=[.'])/, '\\&')];
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('`', '');
}
