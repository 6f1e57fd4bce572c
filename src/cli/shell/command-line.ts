import type { Command as Commander, Option } from 'commander';

/** What the value of a flag or of an argument is, so that a shell can complete it. */
export type ValueKind = 'file' | 'directory' | 'text' | readonly string[];

/** A flag of a command. */
export interface FlagSpec {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** The title of its group in the help; undefined for a flag without a group. */
  readonly group: string | undefined;
  /** The placeholder in the help, and what the value is; undefined for a flag without a value. */
  readonly value:
    { readonly placeholder: string; readonly kind: ValueKind; readonly many: boolean } | undefined;
}

/** An argument of a command. */
export interface ArgumentSpec {
  readonly name: string;
  readonly kind: ValueKind;
  /** True if it may be given several times. */
  readonly many: boolean;
}

/** A command as the help shows it. */
export interface CommandLine {
  /** The names from the program to the command. */
  readonly path: readonly string[];
  readonly summary: string;
  /** The arguments, without brackets. */
  readonly args: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly children: readonly CommandLine[];
}

/** Values of placeholders that are a fixed list of words. */
const WORDS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  entity: ['users', 'groups', 'memberships'],
  what: ['all', 'users', 'groups', 'memberships'],
  shell: ['bash', 'zsh', 'fish'],
});

/** Placeholders with `|` whose values are free: two forms of a name. */
const FREE: ReadonlySet<string> = new Set(['name|n']);

/** Describes the commands and flags of a program, as its help shows them. */
export function describeCommandLine(program: Commander): CommandLine {
  const described = describe(program, [program.name()]);
  const names = described.children.map(({ path }) => path.at(-1) as string);
  // The help command is commander's own, and has an argument: the name of a command.
  const help: CommandLine = {
    path: [program.name(), 'help'],
    summary: 'Prints the help of a command.',
    args: [{ name: 'command', kind: names, many: false }],
    flags: [],
    children: [],
  };
  return { ...described, children: [...described.children, help] };
}

/** A command and all commands below it. */
export function withChildren(command: CommandLine): readonly CommandLine[] {
  return [command, ...command.children.flatMap(withChildren)];
}

function describe(command: Commander, path: readonly string[]): CommandLine {
  const helper = command.createHelp();
  return {
    path,
    summary: command.description(),
    args: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      kind: kindOf(argument.name()),
      many: argument.variadic,
    })),
    flags: helper.visibleOptions(command).map(flagOf),
    children: command.commands.map((child) => describe(child, [...path, child.name()])),
  };
}

function flagOf({ long, short, flags, description, helpGroupHeading, variadic }: Option): FlagSpec {
  const [, placeholder] = /<(.+?)(?:\.{3})?>/.exec(flags) ?? [];
  return {
    long: long as string,
    short,
    description,
    group: helpGroupHeading,
    value: placeholder === undefined ? undefined : { placeholder, kind: kindOf(placeholder), many: variadic },
  };
}

function kindOf(placeholder: string): ValueKind {
  if (placeholder === 'file') return 'file';
  // The place of a state is a directory, or an address that nobody could list.
  if (['dir', 'place', 'from', 'to'].includes(placeholder)) return 'directory';
  if (placeholder.includes('|') && !FREE.has(placeholder))
    return placeholder.split('|').map((word) => word.replace(/=.*/, '='));
  return WORDS[placeholder] ?? 'text';
}
