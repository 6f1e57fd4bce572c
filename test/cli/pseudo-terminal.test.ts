import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify, stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/cli/text/width.js';
import { startOrg } from '../../src/simulator/index.js';
import { compiled } from '../support/compiled.js';
import { directory, envOf, files, usersCsv } from './support.js';

/** Runs a command in a pseudo terminal. */
const SCRIPT = '/usr/bin/script';

/** What a command writes to a pseudo terminal of so many columns, with its control sequences. */
async function inTerminal(
  cwd: string,
  columns: number,
  args: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const rollcall = `"${process.execPath}" "${compiled('src/cli/process/main.ts')}"`;
  const command = `stty cols ${columns} rows 50; ${rollcall} ${args} || true`;
  const { PATH } = process.env;
  const options = { cwd, env: { PATH, TERM: 'xterm', ...env } };
  const { stdout } = await promisify(execFile)(SCRIPT, ['-qec', command, '/dev/null'], options);
  return stdout;
}

/** The lines of an output. A row that is drawn again begins with a carriage return, or with a jump to the first column. */
function linesOf(output: string): string[] {
  return stripVTControlCharacters(output.replaceAll(/\u001b\[\d*[GA]/g, '\n'))
    .split(/[\r\n]+/)
    .filter((line) => line !== '');
}

const NO_MAIL = 'u9999,not an address,not an address,a,b\n';

describe.skipIf(!existsSync(SCRIPT))('a real terminal', () => {
  it.each([60, 80, 100, 120])(
    'of %i columns shows no line that is longer: a plan, a sync, a guard stop and an error',
    async (columns) => {
      const cwd = await directory();
      await using org = await startOrg({ cooldownMs: 10, importMs: 300 });
      await files(cwd, {
        'u.csv': `${usersCsv(500)}${NO_MAIL}`,
        'cut.csv': usersCsv(100),
        'g.csv': 'externalId,displayName,description\ng1,Group 1,\n',
        'm.csv': `groupExternalId,memberExternalId\n${Array.from({ length: 300 }, (_, i) => `g1,u${i}\n`).join('')}`,
      });
      const env = { ...envOf(org), NO_PROXY: '*' };
      const inputs = '--groups g.csv --memberships m.csv --cooldown 10ms --poll 50ms';
      const run = async (args: string) => {
        const output = await inTerminal(cwd, columns, args, env);
        for (const line of linesOf(output)) expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
        return output;
      };
      const planned = await run('plan --users u.csv --groups g.csv --memberships m.csv');
      expect(planned.replaceAll(/\s+/g, ' ')).toContain(
        'To send: 500 users, 1 group and 300 memberships in 5 requests and 2 sessions.',
      );
      const synced = await run(`sync --users u.csv ${inputs}`);
      const bars = linesOf(synced).map((line) => line.trimEnd());
      // Each session leaves its own bar behind, with its own requests.
      expect(bars).toContainEqual(expect.stringMatching(/^session 1 +█+ {2}4 requests: 500 users and/));
      expect(bars).toContainEqual(expect.stringMatching(/^session 2 +█+ {2}1 request: 300 memberships/));
      expect(bars.some((line) => /^session 1 .*[04] of 4 requests$/.test(line))).toBe(true);
      expect(synced).toContain('\u001b[32mDone in ');
      const stopped = await run(`sync --users cut.csv --report report ${inputs}`);
      expect(stopped).toContain('\u001b[31mrollcall:\u001b[39m the guard stopped this plan');
      expect(stripVTControlCharacters(stopped)).toMatch(/Report: report\/report\.html\s*$/);
      await run('plan --users none.csv');
    },
    120_000,
  );
});
