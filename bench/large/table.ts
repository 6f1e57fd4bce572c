import type { Circumstances } from '../runner/results.js';
import { growthMb } from './checks.js';
import type { LargeResult } from './first-load.js';
import type { Life } from './life.js';

/** A large first load as it is kept. */
export interface KeptLargeResult {
  readonly circumstances: Circumstances;
  readonly result: LargeResult;
}

/** Points of the curve that a table shows. */
const POINTS = 10;

/** One point of the memory of a life: after so many of its sessions. */
export interface MemoryPoint {
  readonly sessions: number;
  /** MB: resident, the program's own, and the most it had of its own since the last session. */
  readonly rss: number;
  readonly own: number;
  readonly peakOwn: number;
}

/** The memory of a life at some of its sessions, the first and the last among them. */
export function memoryCurve({ commits }: Life): readonly MemoryPoint[] {
  const last = commits.length - 1;
  const picked = new Set(Array.from({ length: POINTS }, (_, i) => Math.round((last * i) / (POINTS - 1))));
  return [...picked].flatMap((at) => {
    const commit = commits[at];
    if (commit === undefined) return [];
    return [{ sessions: at + 1, rss: commit.memory.rss, own: commit.memory.own, peakOwn: commit.peak.own }];
  });
}

const mb = (value: number | undefined) => (value === undefined ? '?' : value.toFixed(0));
const seconds = (ms: number) => (ms / 1000).toFixed(0);

/** Growth from the first quarter of the send to the last, where there is a send worth the name. */
function growthText(life: Life): readonly string[] {
  if (life.commits.length < POINTS) return [];
  const [heap, own] = [growthMb(life, 'heap'), growthMb(life, 'own')];
  return [`growth over the send ${own.toFixed(1)} MB, of JavaScript's heap ${heap.toFixed(1)} MB`];
}

/** What one life came to, in one line. */
export function lifeText(life: Life, at: number): string {
  return [
    `life ${at + 1}${life.killed ? ', killed' : ''}: ${life.commits.length} sessions`,
    ...(life.settled.length > 0 ? [`settled ${life.settled.map(({ outcome }) => outcome).join(', ')}`] : []),
    `${life.bulkRequests} loads`,
    `read and planned in ${seconds(life.planMs)} s with a peak of ${mb(life.planPeakMb ?? life.peakMb)} MB`,
    `${seconds(life.wallMs)} s in all`,
    ...growthText(life),
  ].join(', ');
}

/** All of it, for a terminal. */
export function largeLines({ result }: KeptLargeResult): string {
  const { size, kills, lives, completed, cancelled, sentAgain, virtualHours, faults } = result;
  const killed = kills.map(
    ({ session, request, moment }) => `session ${session}, request ${request}, ${moment}`,
  );
  return [
    `first load of ${size}: ${completed} sessions, ${virtualHours.toFixed(2)} virtual hours`,
    `killed at ${killed.join('; ')}: ${cancelled} sessions cancelled, ${sentAgain} people sent again`,
    ...lives.flatMap((life, i) => [
      lifeText(life, i),
      ...memoryCurve(life).map(
        ({ sessions, rss, own, peakOwn }) =>
          `    ${String(sessions).padStart(4)} sessions: ${mb(rss)} MB resident, ${mb(own)} MB its own, at most ${mb(peakOwn)}`,
      ),
    ]),
    faults.length === 0 ? 'everything is as it must be' : faults.map((fault) => `FAULT: ${fault}`).join('\n'),
  ].join('\n');
}
