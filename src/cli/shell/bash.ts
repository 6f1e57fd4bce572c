import { withChildren, type CommandLine, type FlagSpec, type ValueKind } from './command-line.js';

/** A completion script for bash 3.2 or newer; it needs no other package. */
export function bashScript(program: CommandLine): string {
  const name = program.path[0] as string;
  return `# Completion of ${name} for bash. Made by \`${name} completion bash\`.
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word at
  COMPREPLY=()
  # Bash splits words at "=", so that --flag=value is three words.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case "$command $word" in
${commandCases(program)}
    esac
  done
  case "$command $previous" in
${valueCases(program)}
  esac
  if [[ $current == -* ]]; then
    case $command in
${flagCases(program)}
    esac
    return
  fi
  case $command in
${argumentCases(program)}
  esac
}
complete -F _${name} ${name}
`;
}

/** The command that the words so far name: the key of the cases below. */
function keyOf({ path }: CommandLine): string {
  return path.slice(1).join(' ');
}

function commandCases(program: CommandLine): string {
  return withChildren(program)
    .filter((command) => command !== program)
    .map((command) => {
      const parent = command.path.slice(1, -1).join(' ');
      return `      ${quoted(`${parent} ${command.path.at(-1)}`)}) command=${quoted(keyOf(command))} ;;`;
    })
    .join('\n');
}

function valueCases(program: CommandLine): string {
  return withChildren(program)
    .flatMap((command) =>
      command.flags.flatMap((flag) =>
        flag.value === undefined
          ? []
          : [`    ${quoted(`${keyOf(command)} ${flag.long}`)}) ${reply(flag.value.kind)}; return ;;`],
      ),
    )
    .join('\n');
}

function flagCases(program: CommandLine): string {
  return withChildren(program)
    .filter(({ flags }) => flags.length > 0)
    .map((command) => `      ${quoted(keyOf(command))}) ${reply(command.flags.flatMap(namesOf))} ;;`)
    .join('\n');
}

function argumentCases(program: CommandLine): string {
  return withChildren(program)
    .flatMap((command) => {
      const { children, args } = command;
      if (children.length > 0)
        return [
          `    ${quoted(keyOf(command))}) ${reply(children.map(({ path }) => path.at(-1) as string))} ;;`,
        ];
      // Several arguments of a command are of one kind.
      const [first] = args;
      return first === undefined ? [] : [`    ${quoted(keyOf(command))}) ${reply(first.kind)} ;;`];
    })
    .join('\n');
}

function namesOf({ long, short }: FlagSpec): readonly string[] {
  return short === undefined ? [long] : [short, long];
}

/** The command that fills the reply with the possible values. */
function reply(kind: ValueKind): string {
  if (kind === 'text') return ':';
  if (kind === 'file' || kind === 'directory') {
    // Names may contain spaces: one name a line, and bash quotes them.
    const option = kind === 'file' ? '-f' : '-d';
    return `compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen ${option} -- "$current")`;
  }
  return `while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W ${quoted(kind.join(' '))} -- "$current")`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
