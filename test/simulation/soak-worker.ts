import { SimulationServer } from './postgres-disk.js';
import { simulate } from './simulate.js';

/** Seeds to run, both ends included. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
  /** @defaultValue the one that each seed has */
  readonly store?: 'postgres' | undefined;
}

/** What a range of seeds came to. */
export interface RangeOutcome {
  readonly seeds: number;
  readonly runs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

/** Runs the seeds of a range one after another. */
export async function runRange({ first, last, store }: SeedRange): Promise<RangeOutcome> {
  const server = store === undefined ? undefined : await SimulationServer.start();
  const counts: Record<string, number> = {};
  const failures: { seed: number; message: string }[] = [];
  let runs = 0;
  for (let seed = first; seed <= last; seed++) {
    try {
      const outcome = await simulate(seed, { server });
      runs += outcome.runs;
      addCounts(counts, outcome.counts);
    } catch (error) {
      failures.push({ seed, message: (error as Error).message });
    }
  }
  await server?.stop();
  return { seeds: last - first + 1, runs, counts, failures };
}

/** Adds counts to a sum of counts. */
export function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
}

// As a process of its own it takes ranges from the one that started it.
if (process.argv[2] === '--ranges' && process.send !== undefined) {
  process.on('message', (range: SeedRange) => {
    runRange(range).then(
      (outcome) => process.send?.(outcome),
      (error: unknown) => {
        throw error;
      },
    );
  });
  process.on('disconnect', () => process.exit());
}
