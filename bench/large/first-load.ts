import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openState } from 'rollcall';
import { peopleFile } from '../data/files.js';
import { person } from '../data/people.js';
import { mix } from '../data/random.js';
import { toRecord } from '../support/pipeline.js';
import { checkpointFaults, isCompleted, lifeFaults, memoryFaults } from './checks.js';
import { live, type KillPoint, type Life } from './life.js';
import { WatchedOrg } from './watched-org.js';

const SOURCE = '0oalarge0000000000001';
const ORG_URL = 'https://large.okta.example';
const ITEMS_PER_REQUEST = 200;
/** Virtual time between a kill and the next start. */
const RESTART_MS = 60_000;
const MOMENTS = ['before', 'applied', 'answered'] as const;

/** A large first load that is killed on the way. */
export interface LargeOptions {
  readonly size: number;
  /** Decides where it is killed. */
  readonly seed: number;
  /** Kills, spread over the sessions. */
  readonly kills: number;
  readonly requestsPerSession: number;
  /** Memory is what is left after collecting garbage: for runs so small that everything else is noise. */
  readonly collect: boolean;
  /** The compiled program and the module of the compiled package, as a URL. */
  readonly program: string;
  readonly product: string;
  /** An empty directory for the state. */
  readonly work: string;
}

/** What it came to. */
export interface LargeResult {
  readonly size: number;
  readonly seed: number;
  readonly requestsPerSession: number;
  readonly kills: readonly KillPoint[];
  readonly lives: readonly Life[];
  /** Sessions that were COMPLETED, and that were cancelled after a kill. */
  readonly completed: number;
  readonly cancelled: number;
  /** People who were sent again because their session had been cancelled. */
  readonly sentAgain: number;
  readonly virtualHours: number;
  /** Everything that is not as it must be. */
  readonly faults: readonly string[];
}

/**
 * A first load from a file to the simulated org, killed on the way and run again until it is done, and once more when
 * there is nothing left to do. Nothing that Okta confirmed may be sent twice, each session is a checkpoint, and in
 * the end Okta holds exactly the file.
 */
export async function firstLoad(options: LargeOptions): Promise<LargeResult> {
  const { size, seed, requestsPerSession, program, product, work, collect } = options;
  const watched = new WatchedOrg(size, { seed, identitySourceId: SOURCE });
  const started = watched.now;
  const directory = join(work, 'state');
  const task = {
    product,
    file: peopleFile('first', 'csv', size),
    state: directory,
    orgUrl: ORG_URL,
    identitySourceId: SOURCE,
    token: watched.org.token,
    requestsPerSession,
    collect,
  };
  const faults: string[] = [];
  const kills = killPoints(options);
  const lives: Life[] = [];
  let ended = started;
  for (const kill of [...kills, undefined, undefined]) {
    const before = await held(directory);
    const life = await live(program, task, watched, kill);
    const gained = (await held(directory)) - before;
    faults.push(...lifeFaults(life, kill, watched.sessions, gained), ...memoryFaults(life, collect));
    lives.push(life);
    if (kill !== undefined) watched.advance(watched.now + RESTART_MS);
    if (lives.length === kills.length + 1) ended = watched.now;
  }
  const { sessions, sentAgain } = watched;
  faults.push(...checkpointFaults(lives, kills, sessions, size));
  if ((await held(directory)) !== size) faults.push('the state does not hold everybody');
  if (lives.at(-1)?.bulkRequests !== 0) faults.push('a last run still sent something');
  faults.push(...watched.compare(people(size)), ...watched.faults);
  rmSync(directory, { recursive: true });
  return {
    size,
    seed,
    requestsPerSession,
    kills,
    lives,
    completed: sessions.filter(isCompleted).length,
    cancelled: sessions.filter(({ status }) => status === 'CLOSED').length,
    sentAgain,
    virtualHours: (ended - started) / 3_600_000,
    faults,
  };
}

function* people(size: number) {
  for (let i = 0; i < size; i++) yield toRecord(person(i));
}

/** People whom the state holds as confirmed. The state opens whatever happened to its last writer. */
async function held(directory: string): Promise<number> {
  await using state = await openState(directory);
  return (await state.counts()).users.known;
}

/** Kills near even parts of the sessions, each within a tenth of them, at a request and a moment that the seed decides. */
function killPoints({ size, seed, kills, requestsPerSession }: LargeOptions): readonly KillPoint[] {
  const sessions = Math.ceil(size / (ITEMS_PER_REQUEST * requestsPerSession));
  return Array.from({ length: kills }, (_, i) => {
    const draw = (what: number, below: number) => mix(seed * 16 + what, i) % below;
    const around = Math.round((sessions * (i + 1)) / (kills + 1));
    return {
      session: Math.max(1, around + draw(1, Math.ceil(sessions / 10)) - Math.floor(sessions / 20)),
      // Loads, and what surrounds them: the start of the import, and the first looks at it.
      request: 1 + draw(2, requestsPerSession + 5),
      moment: MOMENTS[draw(3, MOMENTS.length)] as KillPoint['moment'],
    };
  });
}
