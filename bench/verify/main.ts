import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOrg } from '../../src/simulator/index.js';
import { watchPrivateMemory } from '../runner/private-memory.js';
import { userAt, type Found, type Task } from './task.js';

/**
 * Measures the private memory of `verify` over two directories of people, in a process of its own with a small heap. Fails if the heap is too
 * small, if `verify` finds a difference, or if the larger directory takes more than `ALLOWED_MB` more.
 */

const SIZES = [20_000, 200_000] as const;
/** The heap of the measured process; ten times the people must fit as well. */
const HEAP_MB = 64;
/** What the larger directory may take more: 24 bytes for each of 180,000 people are 4 MB, the rest is the collector's. */
const ALLOWED_MB = 15;
const RATE_LIMIT = { limit: 1_000_000, windowMs: 60_000 };

/** Runs one step in a process of its own. Returns what it found, and the peak of its private memory in MB. */
async function run(task: Task): Promise<{ readonly found: Found | undefined; readonly peak: number }> {
  const heap = task.step === 'verify' ? [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=2'] : [];
  const path = fileURLToPath(new URL('child.ts', import.meta.url));
  const child = fork(path, [JSON.stringify(task)], { execArgv: ['--import', 'tsx', ...heap] });
  const peak = watchPrivateMemory(child.pid);
  let found: Found | undefined;
  child.on('message', (message) => (found = message as Found));
  const [code] = (await once(child, 'exit')) as [number | null];
  const mb = peak();
  if (code !== 0 || mb === undefined)
    throw new Error(`${task.step} of ${task.users} users ended with ${code}`);
  return { found, peak: mb };
}

async function measure(users: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-verify-memory-'));
  await using org = await startOrg({ rateLimit: RATE_LIMIT, seed: 1 });
  try {
    org.edit((edit) => {
      for (let i = 0; i < users; i++) edit.setUser(userAt(i).externalId, userAt(i).profile);
    });
    const { url, token, identitySourceId } = org;
    const task = { state: join(directory, 'state'), users, org: { url, token, identitySourceId } };
    await run({ ...task, step: 'adopt' });
    const { found, peak } = await run({ ...task, step: 'verify' });
    if (found?.differences !== 0 || found.same !== users) throw new Error(`found ${JSON.stringify(found)}`);
    console.log(`verify of ${users} users, heap of ${HEAP_MB} MB: ${peak.toFixed(0)} MB private memory`);
    return peak;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const [small, large] = [await measure(SIZES[0]), await measure(SIZES[1])];
console.log(`ten times the people: ${(large - small).toFixed(0)} MB more (at most ${ALLOWED_MB})`);
if (large - small > ALLOWED_MB) process.exitCode = 1;
