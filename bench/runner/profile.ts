import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function, and the time that was spent in it and in nothing that it called. */
export interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly ms: number;
}

/** Runs `task` with Node's CPU profiler switched on for the process it starts, and sums the self-times. */
export async function profiled(
  dist: string,
  task: (nodeOptions: readonly string[]) => Promise<unknown>,
): Promise<readonly SelfTime[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-profile-'));
  try {
    await task(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    const times = new Map<string, SelfTime>();
    for (const name of readdirSync(folder))
      addTimes(JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile, dist, times);
    return [...times.values()].sort((a, b) => b.ms - a.ms);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function addTimes(profile: CpuProfile, dist: string, times: Map<string, SelfTime>): void {
  const self = new Map<number, number>();
  for (const [i, id] of profile.samples.entries())
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1000);
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const file = url.startsWith('file:') ? relative(dist, fileURLToPath(url)) : url;
    const name = functionName === '' ? '(anonymous)' : functionName;
    const place = file === '' ? '' : `${file.replace(/^.*node_modules\/(?!\.cache)/, '')}:${lineNumber + 1}`;
    const key = `${name} ${place}`;
    const ms = (times.get(key)?.ms ?? 0) + (self.get(id) ?? 0);
    times.set(key, { name, place, ms });
  }
}

/** The functions in which most of the time was spent, with their share of all that was not idle. */
export function profileLines(times: readonly SelfTime[], most = 30): string {
  const busy = times.filter(({ name }) => name !== '(idle)');
  const all = busy.reduce((sum, { ms }) => sum + ms, 0);
  return busy
    .slice(0, most)
    .map(
      ({ name, place, ms }) =>
        `${ms.toFixed(0).padStart(7)} ms ${((100 * ms) / all).toFixed(1).padStart(5)} %  ${name}  ${place}`,
    )
    .join('\n');
}
