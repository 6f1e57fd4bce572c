import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/okta/client.js';
import { startOrg, type Org } from '../../src/simulator/index.js';
import { openState } from '../../src/state/open-state.js';
import { sync } from '../../src/sync/sync.js';
import { differences, stateFaults } from '../simulation/checks.js';
import { Draws } from '../simulation/draws.js';
import { SOURCE, type SourceDirectory } from '../support/world.js';
import { changedKeys } from './changed-keys.js';
import { POINTS, requestName, SECOND_POINTS, type Point } from './points.js';
import type { ChildTask } from './task.js';

/** A day of a small company changes most of its people. */
const OPTIONS = {
  cooldownMs: 5,
  pollIntervalMs: 5,
  guard: { maxDeletePercent: 100, maxUpdatePercent: 100 },
} as const;
const ORG = { cooldownMs: 5, importMs: 5, shuffle: true, identitySources: [SOURCE] };

/** What one kill came to. */
export interface KillOutcome {
  /** Where a process was killed, in order; empty when it never came to the point. */
  readonly killedAt: readonly Point[];
  /** Everything that is not as it must be. */
  readonly faults: readonly string[];
}

/** Where the state is, and what happens there when the program comes to a point. */
export interface KillPlace {
  /** The directory or the address of the state. */
  readonly address: string;
  /** Takes the state from the program, which goes on; undefined: the program is killed. */
  readonly interrupt?: (() => Promise<void>) | undefined;
  /** Resolves when another process can open the state, after the program has ended. */
  freed(): Promise<void>;
  dispose(): Promise<void>;
}

/** A directory. */
function directoryPlace(): KillPlace {
  const address = mkdtempSync(join(tmpdir(), 'rollcall-kill-'));
  return {
    address,
    freed: async () => undefined,
    dispose: async () => rmSync(address, { recursive: true, force: true }),
  };
}

/**
 * Kills the program at a point of its second day, of every other seed once more while it settles that, and lets two
 * runs go to their end. Nothing may be lost, nothing listed twice in a session, and the state must be whole at each step.
 */
export async function killOnce(
  program: string,
  seed: number,
  point: Point,
  place = directoryPlace(),
): Promise<KillOutcome> {
  const org = await startOrg({ ...ORG, seed });
  try {
    const [first, second] = daysOf(seed);
    const world = { place, org, program };
    await runToEnd(world, first);
    const faults: string[] = [];
    const killedAt: Point[] = [];
    // Of each point another second one.
    const draws = new Draws(seed * POINTS.length + POINTS.indexOf(point), 20);
    const points = seed % 2 === 0 ? [point] : [point, draws.pick(SECOND_POINTS)];
    for (const at of points) {
      if (await killAt(world, second, at)) killedAt.push(at);
      else if (at === point) faults.push('the program never came there');
      faults.push(...(await faultsOfState(world, first, second)));
    }
    await runToEnd(world, second);
    await runToEnd(world, second);
    faults.push(...differences(org.simulated, second), ...(await faultsOfState(world, second, second)));
    const sent = org.requests.length;
    await runToEnd(world, second);
    if (org.requests.slice(sent).some(({ method }) => method === 'POST'))
      faults.push('a last run still sent something');
    if (org.violations.length > 0) faults.push(JSON.stringify(org.violations.slice(0, 3)));
    return { killedAt, faults };
  } finally {
    await org.close();
    await place.dispose();
  }
}

interface World {
  readonly place: KillPlace;
  readonly org: Org;
  readonly program: string;
}

/** Starts the program and kills it, or takes its state from it, at the point; false when it came to its end before. */
async function killAt({ place, org, program }: World, day: SourceDirectory, point: Point): Promise<boolean> {
  const task: ChildTask = {
    place: place.address,
    orgUrl: org.url,
    identitySourceId: SOURCE,
    token: org.token,
    day,
    options: OPTIONS,
    stopAt: point.by === 'program' ? point.at : undefined,
  };
  const child = fork(program, [JSON.stringify(task)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (data) => (complaint += String(data)));
  let isInterrupted = false;
  const stop = async () => {
    if (place.interrupt === undefined) return child.kill('SIGKILL');
    await place.interrupt();
    isInterrupted = true;
    return child.send('go on');
  };
  child.once('message', () => void stop());
  const release =
    point.by === 'org' ? killWhenApplied(org, point.at, () => child.kill('SIGKILL')) : undefined;
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  release?.();
  await place.freed();
  if (signal === 'SIGKILL') return true;
  if (isInterrupted && complaint.includes('ERR_ROLLCALL_STATE_LOST')) return true;
  if (code !== 0) throw new Error(`the program ended with ${code}: ${complaint}`);
  return false;
}

/** Lets the org apply a request, and kills the program before there is an answer. */
function killWhenApplied(org: Org, at: string, kill: () => void): () => void {
  const { simulated } = org;
  const seen = new Map<string, number>();
  const handle = simulated.handle.bind(simulated);
  simulated.handle = (request) => {
    const reply = handle(request);
    const name = requestName(request.method, request.path);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    if (at !== `${name} ${count}`) return reply;
    kill();
    return { kind: 'reset', acted: true, delayMs: 0 };
  };
  return () => (simulated.handle = handle);
}

/** One run that nobody disturbs, over the state that the one before left. */
async function runToEnd({ place, org }: World, day: SourceDirectory): Promise<void> {
  await using state = await openState(place.address);
  const okta = createClient({ orgUrl: org.url, identitySourceId: SOURCE, auth: { token: org.token } });
  try {
    await sync({ ...OPTIONS, ...day, okta, state });
  } finally {
    await okta.close();
  }
}

/** The state opens, every row of it can be read, and none is ahead of Okta or lost. */
async function faultsOfState(
  { place, org }: World,
  before: SourceDirectory,
  after: SourceDirectory,
): Promise<readonly string[]> {
  await using state = await openState(place.address);
  const open = await state.journal.open();
  return await stateFaults(state, org.simulated, open.length === 0 ? new Set() : changedKeys(before, after));
}

/** Two days: the second changes people and groups, adds memberships, and by seed lets some come and go. */
function daysOf(seed: number): readonly [SourceDirectory, SourceDirectory] {
  const draws = new Draws(seed, 21);
  const user = (id: number, version: number) => ({
    externalId: `u${id}`,
    profile: { userName: `u${id}@example.com`, email: `u${id}@example.com`, title: `version ${version}` },
  });
  const group = (id: number, version: number) => ({
    externalId: `g${id}`,
    profile: { displayName: `Group ${id}`, description: `version ${version}` },
  });
  const membership = (g: number, u: number) => ({ groupExternalId: `g${g}`, memberExternalId: `u${u}` });
  const size = draws.between(3, 8);
  const ids = Array.from({ length: size }, (_, id) => id);
  const goes = draws.chance(0.4) ? size - 1 : -1;
  const comes = draws.chance(0.4) ? [size] : [];
  const stays = ids.filter((id) => id !== goes);
  return [
    {
      users: ids.map((id) => user(id, 1)),
      groups: [group(0, 1), group(1, 1)],
      memberships: ids.map((id) => membership(0, id)),
    },
    {
      users: [
        ...stays.map((id) => user(id, id === 0 || draws.chance(0.5) ? 2 : 1)),
        ...comes.map((id) => user(id, 2)),
      ],
      groups: [group(0, 2), group(1, draws.pick([1, 2]))],
      memberships: [
        ...stays.map((id) => membership(0, id)),
        membership(1, 0),
        ...stays.slice(1).flatMap((id) => (draws.chance(0.5) ? [membership(1, id)] : [])),
        ...comes.map((id) => membership(0, id)),
      ],
    },
  ];
}
