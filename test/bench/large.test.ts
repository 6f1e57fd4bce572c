import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person } from '../../bench/data/people.js';
import { checkpointFaults, growthMb, lifeFaults, memoryFaults } from '../../bench/large/checks.js';
import { firstLoad } from '../../bench/large/first-load.js';
import type { Life } from '../../bench/large/life.js';
import { VirtualClock } from '../../bench/large/virtual-clock.js';
import { WatchedOrg } from '../../bench/large/watched-org.js';
import { compileFolder, ROOT } from '../../bench/runner/compile.js';
import { toRecord } from '../../bench/support/pipeline.js';

const SOURCE = '0oawatched00000000001';

describe('a large first load, in small', () => {
  const compiled = join(ROOT, `node_modules/.cache/rollcall-bench/large-${process.pid}`);
  const temporary = mkdtempSync(join(tmpdir(), 'rollcall-large-'));

  beforeAll(() => {
    process.env['ROLLCALL_BENCH_CACHE'] = join(temporary, 'cache');
    compileFolder(join(ROOT, 'src'), join(compiled, 'package'));
    compileFolder(join(ROOT, 'bench'), join(compiled, 'bench'));
  }, 60_000);

  afterAll(() => {
    for (const folder of [compiled, temporary]) rmSync(folder, { recursive: true, force: true });
  });

  it('killed twice on the way, it sends nothing twice that Okta confirmed, commits each session, and keeps its memory', async () => {
    const work = join(temporary, 'work');
    mkdirSync(work);
    const result = await firstLoad({
      size: 30_000,
      // Killed while a session is imported, and later while one is imported and another is loaded.
      seed: 25,
      kills: 2,
      requestsPerSession: 3,
      collect: true,
      program: join(compiled, 'bench/large/program.js'),
      product: pathToFileURL(join(compiled, 'package/index.js')).href,
      work,
    });
    expect(result.faults).toEqual([]);
    expect(result.lives.map(({ killed }) => killed)).toEqual([true, true, false, false]);
    expect(result.lives.map(({ settled }) => settled.map(({ outcome }) => outcome))).toEqual([
      [],
      ['completed'],
      ['completed', 'dropped'],
      [],
    ]);
    expect(result.completed).toBe(50);
    expect(result.cancelled).toBe(1);
    expect(result.sentAgain).toBeGreaterThan(0);
    for (const life of result.lives.slice(0, 3)) {
      expect(life.commits.length).toBeGreaterThanOrEqual(12);
      expect(growthMb(life, 'heap')).toBeLessThan(5);
    }
  }, 180_000);
});

describe('the org that watches', () => {
  const headers = (org: WatchedOrg) => ({ authorization: `SSWS ${org.org.token}` });
  const path = `/api/v1/identity-sources/${SOURCE}/sessions`;

  function post(watched: WatchedOrg, at: string, body = '') {
    const reply = watched.handle({ method: 'POST', path: path + at, headers: headers(watched), body });
    if (reply.kind !== 'answer') throw new Error(reply.kind);
    expect(reply.status).toBeLessThan(300);
    return reply.body;
  }

  /** One session that lists these people, up to its import. */
  function send(watched: WatchedOrg, people: readonly number[]): string {
    const { id } = JSON.parse(post(watched, '')) as { id: string };
    const profiles = people.map((index) => toRecord(person(index)));
    post(watched, `/${id}/bulk-upsert`, JSON.stringify({ entityType: 'USERS', profiles }));
    return id;
  }

  function everybody(size: number) {
    return Array.from({ length: size }, (_, i) => toRecord(person(i)));
  }

  it('finds who is sent again after a session that was or will be imported, and nobody else', () => {
    const watched = new WatchedOrg(6, { seed: 1, identitySourceId: SOURCE });
    const first = send(watched, [0, 1]);
    post(watched, `/${first}/start-import`);
    watched.advance(watched.now + 300_000);
    const second = send(watched, [1, 2]);
    expect(watched.faults).toEqual([expect.stringContaining('E00000001 is sent again')]);
    watched.handle({ method: 'DELETE', path: `${path}/${second}`, headers: headers(watched) });
    const third = send(watched, [2, 3]);
    expect(watched.sentAgain).toBe(1);
    post(watched, `/${third}/start-import`);
    watched.advance(watched.now + 300_000);
    send(watched, [3]);
    expect(watched.faults).toHaveLength(2);
  });

  it('finds who is missing at Okta, who is another, and who is too many', () => {
    const watched = new WatchedOrg(4, { seed: 1, identitySourceId: SOURCE });
    post(watched, `/${send(watched, [0, 1, 2])}/start-import`);
    watched.advance(watched.now + 300_000);
    expect(watched.compare(everybody(3))).toEqual([]);
    expect(watched.compare(everybody(4))).toEqual(['1 people are not at Okta']);
    expect(watched.compare(everybody(2))).toEqual(['Okta holds 3 users, of 2 people']);
    const changed = [toRecord(person(0, 1)), ...everybody(3).slice(1)];
    expect(watched.compare(changed)).toEqual(['1 people are at Okta with another profile']);
  });
});

describe('virtual time', () => {
  it('passes at once where all wait, the first sleeper first', async () => {
    const clock = new VirtualClock(0);
    const woken: string[] = [];
    const sleep = (ms: number) => clock.sleep(ms).then(() => woken.push(`${ms} at ${clock.now()}`));
    await Promise.all([sleep(300_000), sleep(2000), sleep(4000)]);
    expect(woken).toEqual(['2000 at 2000', '4000 at 4000', '300000 at 300000']);
  });

  it('stands still while something real is under way, and passes for those who sleep inside it', async () => {
    const clock = new VirtualClock(0);
    let release = () => {};
    const work = clock.real(() => new Promise<void>((resolve) => (release = resolve)));
    const sleeper = clock.sleep(1000);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(clock.now()).toBe(0);
    release();
    await Promise.all([work, sleeper]);
    expect(clock.now()).toBe(1000);
    await clock.real(() => clock.inside.sleep(500));
    expect(clock.now()).toBe(1500);
  });

  it('ends a sleep that is aborted', async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const sleeper = clock.sleep(1000, abort.signal);
    abort.abort(new Error('aborted'));
    await expect(sleeper).rejects.toThrow('aborted');
    expect(clock.now()).toBe(0);
  });
});

describe('what is checked of a life', () => {
  const life = (mb: (i: number) => number, commits = 100, killed = false): Life => ({
    killed,
    planMs: 0,
    wallMs: 0,
    planPeakMb: 0,
    peakMb: 0,
    atStart: undefined,
    commits: Array.from({ length: commits }, (_, i) => {
      const memory = { rss: 0, own: mb(i), heap: 0 };
      return { sessionId: `s${i}`, changes: 10, memory, peak: memory };
    }),
    settled: [],
    confirmed: killed ? undefined : commits * 10,
    bulkRequests: 0,
  });
  const steady = () => 100;
  const sessions = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `s${i}`,
      status: 'COMPLETED' as const,
      created: 0,
      lastUpdated: 0,
      triggered: 0,
      requests: 1,
      items: 10,
    }));
  const kill = { session: 3, request: 1, moment: 'before' } as const;

  it('memory that grows over the send', () => {
    expect(
      growthMb(
        life((i) => 100 + (i % 10) * 9),
        'own',
      ),
    ).toBe(0);
    expect(
      growthMb(
        life((i) => 100 + i),
        'own',
      ),
    ).toBe(50);
    expect(memoryFaults(life(steady), false)).toEqual([]);
    expect(
      memoryFaults(
        life((i) => 100 + i),
        false,
      ),
    ).toEqual(['its memory (own) grew by 50 MB over 750 people']);
    // In a short life garbage hides all, unless it was collected.
    expect(
      memoryFaults(
        life((i) => 100 + i, 40),
        false,
      ),
    ).toEqual([]);
    expect(
      memoryFaults(
        life((i) => 100 + i, 40),
        true,
      ),
    ).toHaveLength(1);
  });

  it('a state that gained something else than it told; a kill may leave one session untold, and no part of one', () => {
    expect(lifeFaults(life(steady, 3), undefined, sessions(3), 30)).toEqual([]);
    expect(lifeFaults(life(steady, 3), undefined, sessions(4), 40)).toHaveLength(1);
    expect(lifeFaults(life(steady, 3, true), kill, sessions(4), 40)).toEqual([]);
    expect(lifeFaults(life(steady, 3, true), kill, sessions(4), 35)).toHaveLength(1);
    expect(lifeFaults(life(steady, 3, true), kill, sessions(3), 20)).toHaveLength(1);
    expect(lifeFaults(life(steady, 3), kill, sessions(3), 30)).toEqual([
      'it never came where it was to be killed',
    ]);
  });

  it('sessions that are no checkpoint, and people in none', () => {
    const lives = [life(steady, 3, true), life(steady, 0)];
    expect(checkpointFaults(lives, [kill], sessions(4), 40)).toEqual([]);
    expect(checkpointFaults(lives, [], sessions(4), 40)).toEqual(['3 checkpoints for 4 sessions']);
    expect(checkpointFaults(lives, [kill], sessions(5), 50)).toHaveLength(1);
    expect(checkpointFaults(lives, [kill], sessions(2), 20)).toHaveLength(1);
    expect(checkpointFaults(lives, [kill], sessions(4), 41)).toEqual([
      '40 people in sessions that were COMPLETED, of 41',
    ]);
  });
});
