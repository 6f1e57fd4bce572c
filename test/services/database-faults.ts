import type { PoolConfig } from 'pg';
import { exitCodeOf, type ExitCode } from '../../src/cli/process/exit-codes.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { SyncReport } from '../../src/core/results.js';
import type { StateStore } from '../../src/state/store.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { changedKeys } from '../kill/changed-keys.js';
import { differences, stateFaults } from '../simulation/checks.js';
import { clientOf, makeOrg, type SourceDirectory } from '../support/world.js';
import { TestPool } from './postgres-store.js';

/** A place in a run: before a statement is sent to the server. */
export interface At {
  /** A part of the statement, or its form. */
  readonly statement: string | RegExp;
  /** The number of the time. @defaultValue 1 */
  readonly time?: number;
  /** A part of an earlier statement, from which on times are counted. */
  readonly after?: string;
}

/** How a run ended. */
export interface RunEnd {
  /** Undefined if it did not fail. */
  readonly error: Error | undefined;
  readonly code: ExitCode | 0;
  readonly report: SyncReport | undefined;
  /** What the run asked Okta to change, such as "POST start-import". */
  readonly sent: readonly string[];
  /** What of {@link sent} came after the fault; undefined if the run did not come to its place. */
  readonly sentAfter: readonly string[] | undefined;
}

const OPTIONS = {
  cooldownMs: 5,
  pollIntervalMs: 5,
  guard: { maxDeletePercent: 100, maxUpdatePercent: 100 },
} as const;

/** A simulated org, and one state of it in a database that may fail. */
export class FaultedWorld {
  readonly org: SimulatedOrg;
  readonly #name: string;
  #server: PoolConfig;
  /** The requests of the run that change something at the org. */
  #sent: string[] = [];

  constructor(server: PoolConfig, name: string) {
    this.org = makeOrg({ cooldownMs: 5, importMs: 5 });
    this.#server = server;
    this.#name = name;
    const handle = this.org.handle.bind(this.org);
    this.org.handle = (request) => {
      const { method, path } = request;
      if (method !== 'GET') this.#sent.push(`${method} ${path.split('/').at(-1)}`);
      return handle(request);
    };
  }

  /** From now on, runs use another server. */
  useServer(server: PoolConfig): void {
    this.#server = server;
  }

  /** One run; at a place of it, something happens to the database. */
  async run(
    day: SourceDirectory,
    at?: At,
    strike: (pool: TestPool) => Promise<void> = async () => undefined,
    options: Partial<SyncOptions> = {},
  ): Promise<RunEnd> {
    const pool = new TestPool(this.#server);
    const sent: string[] = [];
    this.#sent = sent;
    let times = 0;
    let isCounting = at?.after === undefined;
    let sentBefore: number | undefined;
    pool.beforeQuery = async (text) => {
      if (at === undefined) return;
      if (!isCounting) isCounting = text.includes(at.after ?? '');
      else if (isAt(at, text)) times++;
      else return;
      if (times !== (at.time ?? 1) || sentBefore !== undefined) return;
      await strike(pool);
      sentBefore = sent.length;
    };
    const okta = clientOf(this.org);
    const end = () => ({ sent, sentAfter: sentBefore === undefined ? undefined : sent.slice(sentBefore) });
    try {
      await using state = await postgresState(pool, { name: this.#name });
      const report = await sync({ ...OPTIONS, ...day, ...options, okta, state });
      return { ...end(), error: undefined, code: 0, report };
    } catch (error) {
      return { ...end(), error: error as Error, code: exitCodeOf(error), report: undefined };
    } finally {
      await pool.end();
    }
  }

  /** Something with the state, outside of a run. */
  async withState<T>(work: (state: StateStore) => Promise<T>): Promise<T> {
    const pool = new TestPool(this.#server);
    try {
      await using state = await postgresState(pool, { name: this.#name });
      return await work(state);
    } finally {
      await pool.end();
    }
  }

  /** What is wrong with the state after a run that failed between two days: rows that Okta did not confirm, or that are lost. */
  faults(before: SourceDirectory, day: SourceDirectory): Promise<readonly string[]> {
    return this.withState(async (state) => {
      const open = await state.journal.open();
      return stateFaults(state, this.org, open.length === 0 ? new Set() : changedKeys(before, day));
    });
  }

  /** Runs once, and says what is not as it must be then; a further run must send nothing. */
  async converges(day: SourceDirectory, options: Partial<SyncOptions> = {}): Promise<readonly string[]> {
    const faults: string[] = [];
    const first = await this.run(day, undefined, undefined, options);
    if (first.error !== undefined) return [`the next run failed: ${first.error.message}`];
    faults.push(...differences(this.org, day), ...(await this.faults(day, day)));
    const last = await this.run(day);
    if (last.error !== undefined || last.sent.length > 0)
      faults.push(`a last run sent ${last.sent.join()}, or failed: ${last.error?.message}`);
    const violations = this.org.violations.map(({ rule }) => rule);
    return [...faults, ...violations];
  }
}

function isAt({ statement }: At, text: string): boolean {
  return typeof statement === 'string' ? text.includes(statement) : statement.test(text);
}
