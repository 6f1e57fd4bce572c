import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/okta/client.js';
import { startOrg, type Org } from '../../src/simulator/index.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { sync } from '../../src/sync/sync.js';
import { differences, stateFaults } from '../simulation/checks.js';
import { company, SOURCE } from '../support/world.js';
import type { DiskTask, StepOutcome, SyncOutcome } from './task.js';

/** Where Debian puts it. */
export const STRACE = '/usr/bin/strace';

/** A failure of the disk: a call that fails, from the when-th on or once; or files that may not grow beyond some blocks of 1,024 bytes. */
export type Fault =
  | { readonly call: string; readonly error: string; readonly when: number; readonly forever: boolean }
  | { readonly fileBlocks: number };

/** What one fault came to. */
export interface FaultOutcome {
  /** Everything that is not as it must be. */
  readonly faults: readonly string[];
  /** True when the run noticed the fault. */
  readonly noticed: boolean;
  readonly seconds: number;
}

/** A run that takes longer than this hangs. */
const HANGS_AFTER_MS = 30_000;
/** A day of a small company changes most of its people. */
const OPTIONS = {
  cooldownMs: 5,
  pollIntervalMs: 5,
  guard: { maxDeletePercent: 100, maxUpdatePercent: 100 },
} as const;

/** False where calls cannot be made to fail. `ROLLCALL_REQUIRE_STRACE` makes that an error. */
export function hasStrace(): boolean {
  if (existsSync(STRACE)) return true;
  if (process.env['ROLLCALL_REQUIRE_STRACE'] === '1') throw new Error(`${STRACE} is not there`);
  return false;
}

/** A fault in words. */
export function nameOf(fault: Fault): string {
  if ('fileBlocks' in fault) return `no file beyond ${fault.fileBlocks} KB`;
  return `${fault.error} at ${fault.call} ${fault.when}${fault.forever ? ' and all after it' : ''}`;
}

/**
 * Runs a first sync on a disk that fails, and then two on one that does not. The first must end by itself, with an error that names
 * its cause; what it leaves must be whole, and the others must make Okta what the source is.
 */
export async function faultOnce(program: string, fault: Fault): Promise<FaultOutcome> {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-disk-'));
  const directory = join(root, 'state');
  const org = await startOrg({
    cooldownMs: 5,
    importMs: 5,
    shuffle: true,
    identitySources: [SOURCE],
    seed: 1,
  });
  const started = performance.now();
  try {
    const day = company(12);
    const { orgUrl, token } = { orgUrl: org.url, token: org.token };
    const task: DiskTask = { directory, orgUrl, identitySourceId: SOURCE, token, day, options: OPTIONS };
    const { ending, outcome, complaint } = await run(program, task, fault);
    const seconds = (performance.now() - started) / 1000;
    const faults = [...(ending === undefined ? [] : [`the run ended by ${ending}: ${complaint}`])];
    if (outcome === undefined) faults.push(`the run said nothing: ${complaint}`);
    else faults.push(...errorsOf(outcome, directory));
    const noticed = outcome !== undefined && (outcome.sync !== 'done' || outcome.close !== 'done');
    for (let times = 0; times < 2; times++) await undisturbed(directory, org, day);
    faults.push(...differences(org.simulated, day));
    await using state = await openState(directory, { verify: true });
    faults.push(...(await stateFaults(state, org.simulated, new Set())));
    if (org.violations.length > 0) faults.push(JSON.stringify(org.violations.slice(0, 3)));
    return { faults, noticed, seconds };
  } finally {
    await org.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** What is wrong with the errors of a run: each is one of the state, and says which path and which code of the system. */
function errorsOf(outcome: SyncOutcome, directory: string): string[] {
  const wrong = (step: string, error: StepOutcome) =>
    error === 'done' ||
    (error.code === 'ERR_ROLLCALL_STATE' &&
      error.cause !== undefined &&
      error.message.includes(directory) &&
      /E[A-Z]{2,}/.test(error.message))
      ? []
      : [`${step} ended with ${JSON.stringify(error)}`];
  return [...wrong('sync', outcome.sync), ...wrong('close', outcome.close)];
}

interface Run {
  /** How the process ended, unless by itself. */
  readonly ending: string | undefined;
  readonly outcome: SyncOutcome | undefined;
  readonly complaint: string;
}

function run(program: string, task: DiskTask, fault: Fault): Promise<Run> {
  const node = [process.execPath, program, JSON.stringify(task)];
  const command =
    'fileBlocks' in fault
      ? ['/bin/bash', '-c', `ulimit -f ${fault.fileBlocks}; exec "$@"`, 'bash', ...node]
      : [STRACE, ...straceOptions(fault, task.directory), ...node];
  return new Promise((resolve) => {
    const child = execFile(
      command[0] as string,
      command.slice(1),
      { timeout: HANGS_AFTER_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const ending = error === null ? undefined : (error.signal ?? `exit code ${error.code}`);
        resolve({
          ending,
          outcome: stdout === '' ? undefined : (JSON.parse(stdout) as SyncOutcome),
          complaint: stderr,
        });
      },
    );
    child.stdin?.end();
  });
}

/** Only calls on LMDB's files are made to fail, but for `fsync`, which is called on directories and on the holder's file. */
function straceOptions(
  { call, error, when, forever }: Exclude<Fault, { fileBlocks: number }>,
  directory: string,
) {
  const files = ['state.mdb', 'state.mdb-lock'].flatMap((name) => ['-P', join(directory, name)]);
  return [
    '-f',
    '-o',
    '/dev/null',
    ...(call === 'fsync' ? [] : files),
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${when}${forever ? '+' : ''}`,
  ];
}

/** A run on a disk that works, over the state that the one before left. */
async function undisturbed(directory: string, org: Org, day: DiskTask['day']): Promise<void> {
  await using state = await openState(directory);
  const okta = createClient({ orgUrl: org.url, identitySourceId: SOURCE, auth: { token: org.token } });
  try {
    await sync({ ...OPTIONS, ...day, okta, state });
  } finally {
    await okta.close();
  }
}
