import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../src/cli/process/program.js';
import { describeCommandLine, withChildren, type CommandLine } from '../../../src/cli/shell/command-line.js';
import { cli, directory } from '../support.js';

const run = promisify(execFile);
const program = describeCommandLine(buildProgram(() => Promise.resolve()));
const zshHarness = fileURLToPath(new URL('zsh-completions.zsh', import.meta.url));

/** Calls the function of a script as bash does when Tab is pressed. */
const BASH = `
source "$1"
IFS=' ' read -r -a COMP_WORDS <<< "$2"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_rollcall
printf '%s\\n' "\${COMPREPLY[@]}"
`;

type Completer = (script: string, line: string, folder: string) => Promise<string>;
const SHELLS: Readonly<Record<string, { readonly path: string; readonly complete: Completer }>> = {
  bash: {
    path: '/usr/bin/bash',
    complete: async (script, line, folder) =>
      (await run('bash', ['-c', BASH, 'bash', script, line], { cwd: folder })).stdout,
  },
  zsh: {
    path: '/usr/bin/zsh',
    complete: async (script, line, folder) =>
      (await run('zsh', ['-f', zshHarness, script, line, folder])).stdout.replaceAll('\r', ''),
  },
  fish: {
    path: '/usr/bin/fish',
    complete: async (script, line, folder) => {
      const command = 'source $argv[1]; complete -C $argv[2]';
      const { stdout } = await run('fish', ['-N', '-c', command, script, line], { cwd: folder });
      return stdout.replaceAll(/\t.*$/gm, '');
    },
  },
};

const namesOf = ({ children }: CommandLine) => children.map(({ path }) => path.at(-1) as string);
const command = (name: string) =>
  withChildren(program).find(({ path }) => path.slice(1).join(' ') === name) as CommandLine;

describe.each(Object.entries(SHELLS))('completion in %s', (shell, { path, complete }) => {
  async function offers(line: string): Promise<string[]> {
    const cwd = await directory();
    const { code, out, err } = await cli(cwd, ['completion', shell]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const script = join(cwd, 'script');
    const folder = join(cwd, 'folder');
    await writeFile(script, out);
    await mkdir(join(folder, 'sub folder'), { recursive: true });
    await writeFile(join(folder, 'people.csv'), '');
    const text = await complete(script, line, folder);
    return [...new Set(text.split('\n').filter((word) => word !== ''))].sort();
  }

  it.skipIf(!existsSync(path))('offers every command, also below a group', async () => {
    expect(await offers('rollcall ')).toEqual(namesOf(program).sort());
    expect(await offers('rollcall state ')).toEqual(namesOf(command('state')).sort());
    expect(await offers('rollcall sy')).toEqual(['sync']);
  });

  it.skipIf(!existsSync(path))('offers every flag of a command, and no other', async () => {
    for (const name of ['sync', 'state verify', 'verify']) {
      const flags = command(name).flags.map(({ long }) => long);
      expect(await offers(`rollcall ${name} --`), name).toEqual(flags.sort());
    }
  });

  it.skipIf(!existsSync(path))('offers words, files and folders as values', async () => {
    expect(await offers('rollcall sync --foreign-session ')).toEqual(['adopt', 'cancel', 'fail']);
    expect(await offers('rollcall completion ')).toEqual(['bash', 'fish', 'zsh']);
    expect(await offers('rollcall help ver')).toEqual(['verify']);
    expect(await offers('rollcall sync --users peo')).toEqual(['people.csv']);
    const [folder] = await offers('rollcall sync --state su');
    expect(folder?.replaceAll('\\', '').replace(/\/$/, '')).toBe('sub folder');
    // Where no folder fits, zsh itself offers files.
    if (shell !== 'zsh') expect(await offers('rollcall sync --state peo')).toEqual([]);
  });
});

describe('completion', () => {
  it('refuses a shell that it does not know, and suggests the nearest', async () => {
    const ran = await cli(await directory(), ['completion', 'fsh']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain('expected one of bash, zsh, fish');
    expect(ran.err).toContain('fish');
  });
});
