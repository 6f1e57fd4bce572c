import { createHash } from 'node:crypto';
import { systemClock } from '../../src/core/clock.js';
import { OptionsError, RollcallError } from '../../src/core/errors.js';
import { ENTITIES, type Entity, type RecordOf } from '../../src/core/model.js';
import { createClient } from '../../src/okta/client.js';
import type { OktaClient } from '../../src/okta/wire.js';
import type { SyncReport } from '../../src/core/results.js';
import { seededFaults } from '../../src/simulator/faults.js';
import { SimulatedOrg } from '../../src/simulator/index.js';
import type { StateStore } from '../../src/state/store.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { ORG_URL, SOURCE, type SourceDirectory } from '../support/world.js';
import { differences, feedFaults, outcomeFaults, reportFaults, stateFaults } from './checks.js';
import { diskOf, type Disk } from './disks.js';
import { Draws } from './draws.js';
import { inScope, leftOut, type Feed } from './feeds.js';
import { gatedState } from './gated-state.js';
import { JournalModel } from './journal-model.js';
import { Life } from './life.js';
import { onMachine, type Machine } from './machine.js';
import { scenarioOf, type DayPlan, type RunPlan, type Scenario } from './scenario.js';
import type { SimulationServer } from './postgres-disk.js';
import { Wire } from './wire.js';

/** What a seed came to. */
export interface Outcome {
  readonly seed: number;
  /** SHA-256 of everything that happened, in order. */
  readonly trace: string;
  /** What was injected, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly runs: number;
}

/** Random days may remove everybody, and bad ones reject most: what is tested here is not the guard. */
const PERMISSIVE: NonNullable<SyncOptions['guard']> = {
  maxDeletePercent: 100,
  maxUpdatePercent: 100,
  maxRejectPercent: 100,
  maxEmptiedPercent: 100,
  maxIdChanges: 1e6,
  minLeftOut: 1e6,
  allowEmpty: true,
};

/** A run to which nothing happens. */
export const CALM: RunPlan = {
  diesAt: undefined,
  abortsAt: undefined,
  jumps: [],
  storeFaults: 0,
  requestFaults: false,
  restartMs: 0,
  sameProcess: false,
  pollTimeoutMs: undefined,
  entities: ENTITIES,
  absenceReads: 1,
  outOfScope: new Set(),
  readsFeed: false,
};

export const NO_FEED: Feed = { users: [], groups: [], memberships: [] };

/** "`abort()` at any moment: settled within five seconds." */
const ABORT_MS = 5000;

/** How a scenario is run. */
export interface SimulateOptions {
  /** Called with everything that happens. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** For scenarios whose state is in PostgreSQL. */
  readonly server?: SimulationServer | undefined;
}

/**
 * Runs the scenario of a seed; with a server its state is in PostgreSQL.
 * @throws an Error that names the seed, for whatever is not as it must be.
 */
export function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  return simulateScenario(scenarioOf(seed, options.server && 'postgres'), options);
}

/** Runs a scenario. @throws as {@link simulate} does. */
export async function simulateScenario(
  scenario: Scenario,
  { onLine, server }: SimulateOptions = {},
): Promise<Outcome> {
  const { seed, store } = scenario;
  try {
    return await onMachine(scenario.skewMs, async (machine) => {
      const simulation = new Simulation(scenario, machine, onLine, server);
      try {
        return await simulation.run();
      } finally {
        await simulation.dispose();
      }
    });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    throw new Error(
      `seed ${seed}: ${why}\nrun it again: npx tsx test/simulation/soak.ts --trace --from ${seed}${store === 'postgres' ? ' --store postgres' : ''}`,
      {
        cause,
      },
    );
  }
}

/** A process: its client and its opened state. */
interface Process {
  /** The run under way. The dead keep theirs: nothing of them may act in the life of the next. */
  life: Life | undefined;
  readonly okta: OktaClient;
  readonly state: StateStore;
  readonly plain: StateStore;
}

type End = { readonly report: SyncReport } | { readonly error: unknown } | 'died';

class Simulation {
  readonly #scenario: Scenario;
  readonly #machine: Machine;
  readonly #org: SimulatedOrg;
  readonly #wire: Wire;
  readonly #disk: Disk;
  readonly #model: JournalModel;
  readonly #hash = createHash('sha256');
  readonly #counts: Record<string, number> = {};
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #storeDraws: Draws;
  readonly #jitter: Draws;
  #process: Process | undefined;
  #plan: RunPlan = CALM;
  #refused = new Set<string>();
  #poison: DayPlan['poison'] = new Map();
  /** True while the records with which every session failed are sent again, as people ask for with `resend`. */
  #forgetsRefusals = false;
  #runs = 0;

  constructor(
    scenario: Scenario,
    machine: Machine,
    onLine: SimulateOptions['onLine'],
    server: SimulateOptions['server'],
  ) {
    const { seed, rates } = scenario;
    this.#scenario = scenario;
    this.#machine = machine;
    this.#onLine = onLine;
    this.#storeDraws = new Draws(seed, 2);
    this.#jitter = new Draws(seed, 3);
    const faults = seededFaults({ seed, rates });
    this.#org = new SimulatedOrg({
      ...scenario.org,
      clock: machine.server,
      seed,
      shuffle: true,
      identitySources: [SOURCE],
      // A removal is never refused: Okta ignores those of whom it does not know.
      refuseItem: ({ kind, entity, externalId, memberExternalId }) => {
        const name = entity === 'memberships' ? `${externalId}/${memberExternalId}` : externalId;
        const refused = kind === 'upsert' && this.#refused.has(name);
        if (refused) this.#count(`refused for ${entity}`);
        return refused;
      },
      poison: ({ kind, entity, externalId }) => {
        const how = kind === 'upsert' && entity !== 'memberships' ? this.#poison.get(externalId) : undefined;
        if (how !== undefined) this.#count(`poison of a ${how}`);
        return how;
      },
      fault: (request, index) => (this.#plan.requestFaults ? faults(request, index) : undefined),
    });
    this.#wire = new Wire(this.#org, (line) => this.#trace(line));
    this.#disk = diskOf(scenario.store, machine, server);
    this.#model = new JournalModel(this.#org);
  }

  async run(): Promise<Outcome> {
    for (const day of this.#scenario.days) await this.#day(day);
    await this.#lastDay();
    for (const { kind } of this.#org.faultTrace) this.#count(kind);
    return {
      seed: this.#scenario.seed,
      trace: this.#hash.digest('hex'),
      counts: this.#counts,
      runs: this.#runs,
    };
  }

  async dispose(): Promise<void> {
    await this.#endProcess();
    await this.#disk.dispose();
  }

  async #day({ source, feed, refused, poison, runs }: DayPlan): Promise<void> {
    this.#refused = new Set(refused);
    this.#poison = poison;
    for (const plan of runs) await this.#runOnce(source, plan, feed);
  }

  /** Faults have stopped: at most two runs later Okta holds exactly the source, and a third finds nothing to do. */
  async #lastDay(): Promise<void> {
    const { last } = this.#scenario;
    this.#refused = new Set();
    this.#poison = new Map();
    this.#forgetsRefusals = true;
    const first = await this.#runOnce(last, CALM);
    this.#forgetsRefusals = false;
    if (first !== 'died' && 'error' in first) this.#count(`first calm run failed: ${codeOf(first.error)}`);
    // Okta refuses nothing any more but a login that somebody still has: it must not be sent before it is free.
    if (first !== 'died' && 'report' in first && first.report.refused.length > 0)
      throw new Error('the first run without faults sent a record that Okta refused');
    const second = await this.#runOnce(last, CALM);
    if (second === 'died' || 'error' in second)
      throw new Error('the second run without faults failed', { cause: second });
    expectNone(differences(this.#org, last));
    const third = await this.#runOnce(last, CALM);
    if (third === 'died' || 'error' in third || third.report.requests > 0 || third.report.sessions > 0)
      throw new Error('a third run without faults still found something to do');
  }

  async #runOnce(source: SourceDirectory, plan: RunPlan, feed: Feed = NO_FEED): Promise<End> {
    this.#runs++;
    this.#plan = plan;
    const process = (this.#process ??= await this.#startProcess());
    const life = (process.life = new Life(
      plan,
      {
        trace: (line) => this.#trace(line),
        count: (what) => this.#count(what),
        jump: (ms) => this.#machine.jump(ms),
      },
      () => this.#machine.server.now(),
    ));
    this.#trace(`run ${this.#runs}`);
    const end = await Promise.race([
      this.#sync(process, life, plan.readsFeed ? feed : leftOut(source, plan.outOfScope), plan),
      life.death.then(() => 'died' as const),
    ]);
    this.#trace(`end ${describe(end)}`);
    this.#check(end, source, feed, life, plan);
    if (end === 'died') {
      this.#process = undefined;
      await this.#disk.died(process.plain);
    } else {
      life.end();
      if (!plan.sameProcess) await this.#endProcess();
    }
    await this.#pause(plan);
    if (life.afterwards.length > 0)
      throw new Error(`the run went on after its end: ${life.afterwards.join(', ')}`);
    await this.#checkState();
    return end;
  }

  async #sync(
    { okta, state }: Process,
    life: Life,
    source: SourceDirectory | Feed,
    plan: RunPlan,
  ): Promise<End> {
    const read = <T>(records: readonly T[]) => gatedSource(records, life);
    const { cooldownMs, pollIntervalMs, requestsPerSession, sessionsInFlight } = this.#scenario.upload;
    try {
      if (this.#forgetsRefusals) await state.setMeta('refused-records', '[]');
      const report = await sync({
        cooldownMs,
        pollIntervalMs,
        requestsPerSession,
        sessionsInFlight,
        ...(plan.pollTimeoutMs !== undefined && { pollTimeoutMs: plan.pollTimeoutMs }),
        okta,
        state,
        ...Object.fromEntries(
          plan.entities.map((entity) => [entity, read(source[entity] as readonly RecordOf[Entity][])]),
        ),
        ...(plan.readsFeed
          ? { mode: 'delta' as const }
          : { absence: { reads: plan.absenceReads, minAgeMs: 0 } }),
        clock: gatedClock(life),
        guard: PERMISSIVE,
        signal: life.abort.signal,
      });
      return { report };
    } catch (error) {
      return { error };
    }
  }

  #check(end: End, source: SourceDirectory, feed: Feed, life: Life, plan: RunPlan): void {
    const { entities, readsFeed, outOfScope } = plan;
    const { violations } = this.#org;
    if (violations.length > 0) throw new Error(`violations: ${JSON.stringify(violations.slice(0, 5))}`);
    expectNone(this.#model.faults);
    if (end === 'died') return;
    if (life.abortedAt !== undefined && this.#machine.server.now() - life.abortedAt > ABORT_MS)
      throw new Error(`an abort took ${this.#machine.server.now() - life.abortedAt} ms`);
    if ('report' in end) {
      for (const { code } of end.report.rejections)
        if (code === 'DUPLICATE_LOGIN') this.#count('rejected for its login');
      if (readsFeed) this.#count('feed read');
      if (outOfScope.size > 0) this.#count('users left out');
      expectNone(reportFaults(end.report, readsFeed ? feed : source, entities, readsFeed));
      // Memberships that are read alone do not show who is left out.
      const wanted = entities.includes('users') ? inScope(source, outOfScope) : source;
      expectNone(
        readsFeed
          ? feedFaults(this.#org, feed, end.report, entities)
          : outcomeFaults(this.#org, wanted, end.report, entities, outOfScope),
      );
    } else if (!(end.error instanceof RollcallError) || end.error instanceof OptionsError) {
      throw end.error;
    }
  }

  async #startProcess(): Promise<Process> {
    const { concurrency, rateLimitShare } = this.#scenario;
    const plain = await this.#disk.open();
    const life = (): Life => {
      if (process.life === undefined) throw new Error('a process acts before its first run');
      return process.life;
    };
    const okta = createClient({
      orgUrl: ORG_URL,
      identitySourceId: SOURCE,
      auth: { token: this.#org.token },
      transport: this.#wire.transport(life),
      clock: systemClock,
      random: () => this.#jitter.next(),
      concurrency,
      rateLimitShare,
    });
    const state = gatedState(plain, {
      life,
      machine: this.#machine,
      model: this.#model,
      draws: this.#storeDraws,
      storeFaults: () => this.#plan.storeFaults,
      count: (what) => this.#count(what),
    });
    const process: Process = { life: undefined, okta, state, plain };
    return process;
  }

  async #endProcess(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    await process.okta.close();
    await this.#machine.close(() => process.plain.close());
  }

  /** Until the next run. A window that was used up cannot be known to a new process, and is let pass. */
  async #pause({ restartMs }: RunPlan): Promise<void> {
    const { exhaustedUntil, unheardUntil } = this.#wire;
    const closedUntil = this.#process === undefined ? exhaustedUntil : unheardUntil;
    const ms = Math.max(restartMs, closedUntil - this.#machine.server.now() + 1000);
    if (ms > 0) await this.#machine.sleep(ms);
  }

  async #checkState(): Promise<void> {
    const process = (this.#process ??= await this.#startProcess());
    const inFlight = [this.#model.inFlight(), this.#model.endsInFlight()] as const;
    expectNone(await this.#machine.real(() => stateFaults(process.plain, this.#org, ...inFlight)));
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  #trace(line: string): void {
    this.#hash.update(line).update('\n');
    this.#onLine?.(line);
  }
}

async function* gatedSource<T>(records: readonly T[], life: Life): AsyncGenerator<T, void, undefined> {
  await life.pass('source');
  const middle = Math.floor(records.length / 2);
  yield* records.slice(0, middle);
  await life.pass('source');
  yield* records.slice(middle);
}

function gatedClock(life: Life): typeof systemClock {
  return {
    now: () => systemClock.now(),
    sleep: async (ms, signal) => {
      await life.pass('sleep');
      await systemClock.sleep(ms, signal);
      await life.pass('slept');
    },
  };
}

function expectNone(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join('; '));
}

function describe(end: End): string {
  if (end === 'died') return end;
  if ('error' in end) return codeOf(end.error);
  const { confirmed, requests, sessions } = end.report;
  return JSON.stringify({ confirmed, requests, sessions });
}

function codeOf(error: unknown): string {
  return error instanceof RollcallError ? error.code : String(error);
}
