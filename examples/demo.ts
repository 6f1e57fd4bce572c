/**
 * Four runs of the command line over a sample directory, against a simulated Okta org in this process: the first load, the same
 * export again, the next day's export, and a truncated export that the guard stops. It needs no account and no network, takes less
 * than 30 seconds, and leaves its files in a folder.
 *
 *     npm run demo
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOrg, type Org } from 'rollcall/simulator';
import { run } from '../src/cli/process/run.js';
import { endNow, onSignal } from '../src/cli/process/signals.js';

/** One run of the demo, and the exit code that it ends with. */
interface Day {
  readonly title: string;
  /** The folder of its report. */
  readonly report: string;
  /** The files of `examples/data` that take the place of those of the export. */
  readonly files: readonly string[];
  readonly exitCode: 3 | 5;
}

const DAYS: readonly Day[] = [
  {
    title: 'The first load of the sample directory',
    report: 'first-load',
    files: ['day-1/users.csv', 'day-1/groups.csv', 'day-1/memberships.csv'],
    exitCode: 5,
  },
  { title: 'The same export again: nothing to send', report: 'same-export', files: [], exitCode: 5 },
  {
    title: "The next day's export: only what changed",
    report: 'next-day',
    files: ['day-2/users.csv', 'day-2/groups.csv', 'day-2/memberships.csv'],
    exitCode: 5,
  },
  {
    title: 'A truncated export: stopped before anything is sent',
    report: 'truncated',
    files: ['truncated/users.csv'],
    exitCode: 3,
  },
];

/** What the exit codes of the demo mean. */
const MEANINGS: Readonly<Record<Day['exitCode'], string>> = {
  3: 'the guard stopped the plan, and somebody must look at it',
  5: 'done, but records were rejected',
};

/** The longest wait between two sessions: five minutes in Okta, and a second and a half here. */
const COOLDOWN_MS = 1500;

const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = join(repository, 'rollcall-demo');
const config = {
  state: './state',
  users: 'export/users.csv',
  groups: 'export/groups.csv',
  memberships: 'export/memberships.csv',
  cooldown: `${COOLDOWN_MS}ms`,
  poll: '100ms',
};

/** Makes the folder as it is before the first run. Its state belongs to an org that ended with the last demo. */
function prepare(): void {
  for (const name of ['state', 'reports', 'export'])
    rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, 'export'), { recursive: true });
  writeFileSync(join(folder, 'rollcall.config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** The environment of the commands: that of this process, without settings of a real org or of a proxy. */
function environment(org: Org): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(OKTA_|ROLLCALL_)|_PROXY$/i.test(name));
  return {
    ...Object.fromEntries(own),
    OKTA_CLIENT_ORGURL: org.url,
    OKTA_CLIENT_TOKEN: org.token,
    OKTA_IDENTITY_SOURCE_ID: org.identitySourceId,
  };
}

async function runDay(day: Day, number: number, org: Org): Promise<void> {
  for (const file of day.files)
    cpSync(
      join(repository, 'examples/data', file),
      join(folder, 'export', file.slice(file.indexOf('/') + 1)),
    );
  console.log(`\n${number}. ${day.title}\n\n$ rollcall sync --report reports/${day.report}`);
  const { stdin, stdout, stderr } = process;
  const argv = ['sync', '--report', `reports/${day.report}`];
  const code = await run(argv, { stdin, stdout, stderr }, environment(org), {
    cwd: folder,
    onSignal,
    endNow,
  });
  if (code !== day.exitCode) throw new Error(`the demo ended early, with exit code ${code}`);
  const { activeUsers, groups, memberships } = org.directory(org.identitySourceId);
  console.log(
    `\nExit code ${code}: ${MEANINGS[day.exitCode]}.\n` +
      `Okta now holds ${activeUsers} active users, ${groups.size} groups and ${memberships.size} memberships.`,
  );
}

function tellWhatIsNext(): void {
  const report = (name: string) => join(folder, 'reports', name, 'report.html');
  const missing = DAYS.map((day) => report(day.report)).filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`there is no report ${missing.join(', ')}`);
  console.log(
    [
      '',
      'What next?',
      '  - Open the reports in a browser. Whom the last run would have deleted, and',
      '    why it was stopped:',
      `      ${report('truncated')}`,
      '    What the day before changed:',
      `      ${report('next-day')}`,
      `  - Look at the folder ${relative(process.cwd(), folder) || '.'}: it has the config file, the export,`,
      '    the state, and the CSV files of the reports.',
      '  - Do the same with your own export, still without an Okta account:',
      '      docs/guides/csv-in-five-minutes.md',
    ].join('\n'),
  );
}

prepare();
const org = await startOrg({ cooldownMs: COOLDOWN_MS, importMs: 300 });
try {
  console.log(
    [
      'Below is what the command line prints. The Okta org is simulated, in this',
      `process. Its sessions are ${COOLDOWN_MS / 1000} seconds apart; in Okta it is up to five minutes.`,
    ].join('\n'),
  );
  for (const [i, day] of DAYS.entries()) await runDay(day, i + 1, org);
  if (org.violations.length > 0)
    throw new Error(`the org saw ${org.violations.length} violations of its contract`);
  tellWhatIsNext();
} catch (error) {
  console.error(`\n${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await org.close();
}
