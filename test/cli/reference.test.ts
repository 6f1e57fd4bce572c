import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { buildProgram } from '../../src/cli/process/program.js';
import { SETTING_KEYS, SETTINGS } from '../../src/cli/settings/settings.js';
import { references } from './reference.js';
import { cli, directory } from './support.js';

const file = fileURLToPath(new URL('../../docs/cli.md', import.meta.url));

describe('docs/cli.md', () => {
  it('says of commands, settings and events what the code says (UPDATE_DOCS=1 writes it anew)', async () => {
    const parts = references();
    const used = new Set<string>();
    const before = await readFile(file, 'utf8');
    const filled = before.replace(
      /(<!-- made from the code: (.+?) -->\n)[^]*?(<!-- end -->)/g,
      (_all, start: string, name: string, end: string) => {
        used.add(name);
        return `${start}\n${parts.get(name) ?? 'there is no such part'}\n\n${end}`;
      },
    );
    const config = await resolveConfig(file);
    const after = await format(filled, { ...config, filepath: file });
    if (process.env['UPDATE_DOCS']) await writeFile(file, after);
    else expect(before).toBe(after);
    expect([...used].sort()).toEqual([...parts.keys()].sort());
  });

  it('lists every exit code', async () => {
    const text = await readFile(file, 'utf8');
    const listed = Array.from(text.matchAll(/^\| `(\d)` /gm), ([, code]) => Number(code));
    expect(listed).toEqual(Object.values(EXIT));
  });
});

describe('the flags', () => {
  it('are the names that stand: a flag is its setting in kebab case', () => {
    for (const key of SETTING_KEYS) {
      expect(SETTINGS[key].flag).toBe(`--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    }
  });

  it('are those of the design, on the commands that need them', () => {
    const program = buildProgram(() => Promise.resolve());
    const flagsOf = (name: string) =>
      program.commands.find((command) => command.name() === name)?.options.map(({ long }) => long) ?? [];
    const read = [
      '--users',
      '--groups',
      '--memberships',
      '--map',
      '--state',
      '--report',
      '--json',
      '--quiet',
      '--config',
    ];
    const guard = ['--max-delete-percent', '--max-deletes', '--max-update-percent', '--min-deletes'];
    const connection = ['--org-url', '--identity-source', '--ca'];
    const send = ['--approve', '--cooldown', '--poll'];
    expect(flagsOf('plan')).toEqual(expect.arrayContaining([...read, ...guard, ...connection]));
    expect(flagsOf('sync')).toEqual(expect.arrayContaining([...read, ...guard, ...connection, ...send]));
    for (const flag of send) expect(flagsOf('plan')).not.toContain(flag);
    expect(flagsOf('status')).toEqual(
      expect.arrayContaining(['--state', '--org-url', '--identity-source', '--json']),
    );
    expect(flagsOf('cancel')).toEqual(expect.arrayContaining(['--state', '--force']));
  });

  it('show in the help of each command, which goes to standard output', async () => {
    const cwd = await directory();
    for (const argv of [
      ['help', 'sync'],
      ['sync', '--help'],
      ['sync', '-h'],
    ]) {
      const ran = await cli(cwd, argv);
      expect(ran).toMatchObject({ code: 0, err: '' });
      expect(ran.out).toContain('--max-delete-percent <n>');
    }
    expect(await cli(cwd, ['help', 'nothing'])).toMatchObject({ code: 2 });
  });
});
