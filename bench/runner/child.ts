import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Product, World } from '../case.js';
import { caseNamed } from '../cases.js';
import type { ChildResult, Job } from './job.js';

/** One process of the bench: prepares a case, or runs one side of it once, and tells what it took on its last line. */
async function main(job: Job): Promise<ChildResult> {
  const work = mkdtempSync(join(tmpdir(), 'rollcall-bench-run-'));
  try {
    const world: World = {
      product: () => import(pathToFileURL(join(job.dist, 'index.js')).href) as Promise<Product>,
      simulator: pathToFileURL(join(job.dist, 'simulator/index.js')).href,
      build: job.build,
      size: job.size,
      work,
      check: job.task === 'check',
    };
    const bench = caseNamed(job.case);
    if (job.task === 'prepare') {
      const unavailable = await bench.unavailable?.(await world.product());
      if (unavailable === undefined) await bench.prepare?.(world);
      return { unavailable };
    }
    const run = await bench[job.side].load(world);
    const cpu = process.cpuUsage();
    const start = process.hrtime.bigint();
    const outcome = await run();
    const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
    const { user, system } = process.cpuUsage(cpu);
    // Used where the parent process cannot watch the private memory.
    const peakMb = (process.resourceUsage().maxRSS * 1024) / 1e6;
    return { outcome, wallMs, cpuMs: (user + system) / 1000, peakMb };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const result = await main(JSON.parse(process.argv[2] ?? '') as Job);
process.stdout.write(`\n${JSON.stringify(result)}\n`);
