import { withChildren, type CommandLine, type FlagSpec, type ValueKind } from './command-line.js';

/** A completion script for zsh 5: a function for each command, over zsh's own `_arguments`. */
export function zshScript(program: CommandLine): string {
  const name = program.path[0] as string;
  return [
    `#compdef ${name}`,
    `# Completion of ${name} for zsh. Made by \`${name} completion zsh\`.`,
    '',
    ...withChildren(program).flatMap((command) => [functionOf(command), '']),
    // Works both as a file in $fpath, which runs as the function, and when it is sourced.
    `if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`,
    '',
  ].join('\n');
}

function functionName({ path }: CommandLine): string {
  return `_${path.join('_')}`;
}

function functionOf(command: CommandLine): string {
  const { children, flags } = command;
  const specs = [...flags.map(flagSpec), ...argumentSpecs(command)];
  const end = specs.map((spec) => ` \\\n    ${quoted(spec)}`).join('');
  if (children.length === 0) return `${functionName(command)}() {\n  _arguments -s -S${end}\n}`;
  const names = children.map(({ path, summary }) => `    ${quoted(`${path.at(-1)}:${summary}`)}`);
  const cases = children.map((child) => `      ${child.path.at(-1)}) ${functionName(child)} ;;`);
  return `${functionName(command)}() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
${names.join('\n')}
  )
  _arguments -C -s -S${end} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe -t commands command commands ;;
    argument) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
}

function argumentSpecs({ args, children }: CommandLine): readonly string[] {
  if (children.length > 0) return [];
  return args.map(({ name, kind, many }, i) => `${many ? '*' : i + 1}:${name}:${action(kind)}`);
}

function flagSpec({ long, short, description, value }: FlagSpec): string {
  const text = `[${description.replace(/[[\]\\:]/g, '\\$&')}]`;
  if (value === undefined) return short === undefined ? `${long}${text}` : `(${short} ${long})${long}${text}`;
  const many = value.many ? '*' : '';
  return `${many}${long}=${text}:${value.placeholder.replaceAll(':', '\\:')}:${action(value.kind)}`;
}

function action(kind: ValueKind): string {
  if (kind === 'text') return '';
  if (kind === 'file') return '_files';
  if (kind === 'directory') return '_files -/';
  return `(${kind.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
