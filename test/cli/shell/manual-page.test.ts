import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/process/exit-codes.js';
import { buildProgram } from '../../../src/cli/process/program.js';
import { describeCommandLine, withChildren } from '../../../src/cli/shell/command-line.js';
import { manualPage } from '../../../src/cli/shell/manual-page.js';
import { CREDENTIAL_VARIABLES } from '../../../src/cli/settings/credentials.js';

const file = fileURLToPath(new URL('../../../docs/man/rollcall.1', import.meta.url));
const program = describeCommandLine(buildProgram(() => Promise.resolve()));
const page = manualPage(program);

describe('the manual page', () => {
  it('is the one in docs/man (UPDATE_DOCS=1 writes it anew)', async () => {
    if (process.env['UPDATE_DOCS']) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, page);
    }
    expect(await readFile(file, 'utf8')).toBe(page);
  });

  it('has every command and flag of the help, every credential and every exit code', async () => {
    const text = page.replaceAll('\\-', '-');
    for (const { path, flags, children } of withChildren(program)) {
      if (children.length > 0) continue;
      const name = path.slice(1).join(' ');
      const [, section = ''] = text.split(`\n.SS ${name}`);
      expect(section, name).not.toBe('');
      const own = section.split(/\n\.S[SH] /)[0] as string;
      for (const { long } of flags) expect(own, `${name} ${long}`).toContain(long);
    }
    for (const name of Object.keys(CREDENTIAL_VARIABLES)) expect(text).toContain(`.B ${name}\n`);
    for (const code of Object.values(EXIT)) expect(text).toContain(`.TP\n.B ${code}\n`);
  });

  it.skipIf(!existsSync('/usr/bin/groff'))('is formatted by groff without a warning', async () => {
    const { stdout, stderr } = await promisify(execFile)('groff', [
      '-man',
      '-Tascii',
      '-ww',
      '-P-cbou',
      '-rLL=80n',
      file,
    ]);
    expect(stderr).toBe('');
    expect(stdout).toContain('EXIT STATUS');
  });
});
