import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Pairs from '../../bench/runner/pairs.js';
import type * as Postgres from '../../bench/peers/postgres.js';
import type * as PostgresStates from '../../bench/support/postgres-states.js';
import type * as Registry from '../../bench/cases.js';
import type { Case, Product, World } from '../../bench/case.js';
import { CASES } from '../../bench/cases.js';
import { buildId, compileFolder, ROOT } from '../../bench/runner/compile.js';

const SIZE = 2000;

// The benches run as they do when they are timed: compiled, and on the compiled package.
const compiled = join(ROOT, `node_modules/.cache/rollcall-bench/test-${process.pid}`);
const dist = join(compiled, 'package');
const benches = join(compiled, 'bench');
const temporary = mkdtempSync(join(tmpdir(), 'rollcall-bench-test-'));

const load = <T>(path: string) => import(pathToFileURL(path).href) as Promise<T>;
let cases: typeof Registry;
let pairs: typeof Pairs;
let works = 0;

beforeAll(async () => {
  process.env['ROLLCALL_BENCH_CACHE'] = join(temporary, 'cache');
  compileFolder(join(ROOT, 'src'), dist);
  compileFolder(join(ROOT, 'bench'), benches);
  cases = await load(join(benches, 'cases.js'));
  pairs = await load(join(benches, 'runner/pairs.js'));
}, 60_000);

afterAll(() => {
  for (const folder of [compiled, temporary]) rmSync(folder, { recursive: true, force: true });
});

function worldOf(size: number): World {
  const work = join(temporary, `work-${works++}`);
  mkdirSync(work);
  return {
    product: () => load<Product>(join(dist, 'index.js')),
    simulator: pathToFileURL(join(dist, 'simulator/index.js')).href,
    build: 'test',
    size,
    work,
    check: true,
  };
}

async function bothSides(bench: Case, size: number) {
  await bench.prepare?.(worldOf(size));
  const rollcall = await (await bench.rollcall.load(worldOf(size)))();
  const peer = await (await bench.peer.load(worldOf(size)))();
  pairs.requireSameFinds(bench, size, rollcall, peer);
  return { rollcall, peer };
}

describe('every case in small', () => {
  for (const { name } of CASES)
    it(`${name}: both sides find the same`, async ({ skip }) => {
      const bench = cases.caseNamed(name);
      const unavailable = await bench.unavailable?.(await worldOf(SIZE).product());
      if (unavailable !== undefined) return skip(unavailable);
      const { rollcall, peer } = await bothSides(bench, SIZE);
      expect(Object.keys(rollcall.counts)).not.toEqual([]);
      const { measure } = bench;
      if (measure !== undefined)
        for (const side of [rollcall, peer]) expect(side.measures?.[measure]).toEqual(expect.any(Number));
      if (name === 'postgres-1pct') {
        const postgres = await load<typeof Postgres>(join(benches, 'peers/postgres.js'));
        await postgres.dropPostgresTable(SIZE);
      }
      if (name.startsWith('state-postgres')) {
        const states = await load<typeof PostgresStates>(join(benches, 'support/postgres-states.js'));
        await states.dropPostgresStates(worldOf(SIZE));
      }
    });

  it('no packing is below the bounds, nor is the bound of bodies as they are sent below that of items alone', async () => {
    for (const name of CASES.map((bench) => bench.name).filter((name) =>
      /^packing-(?!.*next-fit)/.test(name),
    )) {
      const { rollcall, peer } = await bothSides(cases.caseNamed(name), SIZE);
      const { requests = 0, requestsAsSent = 0, sessions } = peer.measures ?? {};
      expect(requestsAsSent).toBeGreaterThanOrEqual(requests);
      expect(rollcall.measures?.['requests']).toBeGreaterThanOrEqual(requestsAsSent);
      expect(sessions).toBe(Math.ceil(requestsAsSent / 50));
    }
  });

  it('changes are compared by content, not only counted', async () => {
    const bench = cases.caseNamed('csv-1pct');
    const { rollcall, peer } = await bothSides(bench, 300);
    expect(rollcall.digest).toBe(peer.digest);
    expect(() => pairs.requireSameFinds(bench, 300, rollcall, { ...peer, digest: 'other' })).toThrow(
      'not the same',
    );
    const counts = { ...peer.counts, updates: 99 };
    expect(() => pairs.requireSameFinds(bench, 300, rollcall, { ...peer, counts })).toThrow('updates is 3');
  });
});

it('pairs run in processes of their own, in turn, and tell time and memory', async () => {
  const bench = cases.caseNamed('csv-same');
  const options = { compiled: benches, dist, build: buildId(dist), size: 300, pairs: 2 };
  const runs = await pairs.runPairs(bench, options);
  expect(runs).toMatchObject({ size: 300, sameFinds: true });
  for (const side of [runs.rollcall, runs.peer]) {
    expect(side).toHaveLength(2);
    for (const { wallMs, cpuMs, peakMb } of side)
      for (const value of [wallMs, cpuMs, peakMb]) expect(value).toBeGreaterThan(0);
  }
});
