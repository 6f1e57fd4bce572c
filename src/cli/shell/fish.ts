import { withChildren, type CommandLine, type FlagSpec, type ValueKind } from './command-line.js';

/** A completion script for fish 3 or newer. */
export function fishScript(program: CommandLine): string {
  const name = program.path[0] as string;
  const groups = program.children.filter(({ children }) => children.length > 0);
  return [
    `# Completion of ${name} for fish. Made by \`${name} completion fish\`.`,
    `complete -c ${name} -f`,
    ...withChildren(program).flatMap((command) => linesOf(command, name, condition(command, groups))),
    '',
  ].join('\n');
}

/** True where the words so far name the command. */
function condition(command: CommandLine, groups: readonly CommandLine[]): string {
  const [first, second] = command.path.slice(1);
  if (first === undefined) return '__fish_use_subcommand';
  if (second !== undefined)
    return `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
  // Words such as "verify" are also commands of a group.
  const others = groups.filter(({ path }) => path[1] !== first).map(({ path }) => path[1]);
  const isIn = `__fish_seen_subcommand_from ${first}`;
  const children = command.children.map(({ path }) => path.at(-1));
  if (children.length > 0) return `${isIn}; and not __fish_seen_subcommand_from ${children.join(' ')}`;
  return others.length === 0 ? isIn : `${isIn}; and not __fish_seen_subcommand_from ${others.join(' ')}`;
}

function linesOf(command: CommandLine, name: string, when: string): readonly string[] {
  const start = `complete -c ${name} -n ${quoted(when)}`;
  return [
    ...command.children.map(
      ({ path, summary }) => `${start} -a ${quoted(path.at(-1) as string)} -d ${quoted(summary)}`,
    ),
    ...new Set(command.args.flatMap(({ kind }) => argumentLine(start, kind))),
    ...command.flags.map((flag) => `${start} ${flagOptions(flag)} -d ${quoted(flag.description)}`),
  ];
}

function argumentLine(start: string, kind: ValueKind): readonly string[] {
  if (kind === 'text') return [];
  return [kind === 'file' || kind === 'directory' ? `${start} -F` : `${start} -a ${quoted(kind.join(' '))}`];
}

function flagOptions({ long, short, value }: FlagSpec): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`].join(' ');
  if (value === undefined) return names;
  if (value.kind === 'text') return `${names} -x`;
  if (value.kind === 'file') return `${names} -r -F`;
  if (value.kind === 'directory') return `${names} -x -a '(__fish_complete_directories)'`;
  return `${names} -x -a ${quoted(value.kind.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
