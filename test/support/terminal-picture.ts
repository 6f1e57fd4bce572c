/**
 * Draws docs/images/terminal.svg from a real run of the built command line against a simulated org:
 *
 *     npm run build && npx tsx test/support/terminal-picture.ts
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOrg } from '../../src/simulator/index.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const WIDTH = 104;
const LINE = 18;
const CHARACTER = 7.82;

const org = await startOrg({ importMs: 100, cooldownMs: 300 });
const work = await mkdtemp(join(tmpdir(), 'rollcall-picture-'));
const lines: string[] = [];

/** Runs one command, and returns its output. */
async function run(shown: string, args: readonly string[]): Promise<void> {
  lines.push(`$ rollcall ${shown}`);
  const env = {
    PATH: process.env['PATH'],
    COLUMNS: String(WIDTH),
    OKTA_CLIENT_ORGURL: org.url,
    OKTA_CLIENT_TOKEN: org.token,
    OKTA_IDENTITY_SOURCE_ID: org.identitySourceId,
  };
  const output = await new Promise<string>((resolve) => {
    execFile(
      // Both streams in one, in the order of a terminal.
      'bash',
      [
        '-c',
        'exec "$@" 2>&1',
        'bash',
        process.execPath,
        join(ROOT, 'dist/cli/process/main.js'),
        ...args,
        '--state',
        join(work, 'state'),
      ],
      { cwd: ROOT, env },
      // If the guard stops the plan, its output is still needed.
      (_error, stdout) => resolve(stdout),
    );
  });
  lines.push(...output.trimEnd().split('\n'), '');
}

function day(name: string): string[] {
  const file = (entity: string) => [`--${entity}`, join('examples/data', name, `${entity}.csv`)];
  return [...file('users'), ...file('groups'), ...file('memberships')];
}

const quick = ['--cooldown', '300ms', '--poll', '50ms'];
await run('sync --users users.csv --groups groups.csv --memberships memberships.csv', [
  'sync',
  ...day('day-1'),
  ...quick,
]);
await run('plan --users users.csv …   # the next export, cut short', [
  'plan',
  ...day('day-2').slice(2),
  '--users',
  'examples/data/truncated/users.csv',
]);
await org.close();
await rm(work, { recursive: true });

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const shown = lines.map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line));
const height = shown.length * LINE + 32;
const width = Math.ceil(WIDTH * CHARACTER + 40);
const text = shown
  .map((line, i) => {
    const style = line.startsWith('$') ? ' class="command"' : '';
    return `<text x="20" y="${28 + i * LINE}"${style} xml:space="preserve">${escape(line)}</text>`;
  })
  .join('\n');
await writeFile(
  join(ROOT, 'docs/images/terminal.svg'),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A sync, and a plan that the guard stops, in a terminal">
<style>text { font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d6deeb } .command { fill: #7fdbca; font-weight: 600 }</style>
<rect width="100%" height="100%" rx="8" fill="#0b1622"/>
${text}
</svg>
`,
);
console.log(shown.join('\n'));
