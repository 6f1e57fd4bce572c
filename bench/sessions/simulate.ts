import {
  batch,
  createClient,
  diff,
  guard,
  LIMITS,
  pipe,
  unguarded,
  upload,
  validate,
  type OktaClient,
  type StateStore,
  type UserRecord,
} from 'rollcall';
import { MemoryDisk, memoryState, systemClock, type Clock } from 'rollcall/testing';
import { SimulatedOrg } from 'rollcall/simulator';
import { inVirtualTime } from '../../test/support/virtual-time.js';
import { MIXES, userOfSize } from '../data/mixed-sizes.js';
import { person } from '../data/people.js';
import { toRecord } from '../support/pipeline.js';
import type { Outcome, Scenario } from './scenario.js';
import { transportTo } from './transport.js';
import { WaitWatch } from './watch-waits.js';

const SOURCE = '0oasessions0000000001';
const ORG_URL = 'https://bench.okta.example';
/** A run whose faults are drawn is run with each of these, and the mean is told. */
const FAULT_SEEDS = [1, 2, 3, 4, 5];

/** Those who are created or updated, and those of the earlier run who stay. */
function* users({ upserts, deletes, learnedBy = 0, mix }: Scenario): Generator<UserRecord, void, undefined> {
  const sizeOf = mix === undefined ? undefined : MIXES[mix];
  for (let i = 0; i < learnedBy; i++) yield toRecord(person(upserts + deletes + i));
  for (let i = 0; i < upserts; i++)
    yield sizeOf === undefined ? toRecord(person(i)) : userOfSize(i, sizeOf(i, upserts));
}

/** {@link simulate}, and where faults are drawn the mean of several draws. */
export async function simulateMean(scenario: Scenario): Promise<Outcome> {
  const seeds = scenario.lostAnswers > 0 ? FAULT_SEEDS : FAULT_SEEDS.slice(0, 1);
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await simulate(scenario, seed));
  const mean = (value: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + value(outcome), 0) / outcomes.length;
  const waits = outcomes.length === 1 ? outcomes[0]?.waits : undefined;
  return {
    ...(waits !== undefined && { waits }),
    requests: mean(({ requests }) => requests),
    sessions: mean(({ sessions }) => sessions),
    wallMs: Math.round(mean(({ wallMs }) => wallMs)),
  };
}

/** Runs the real pipeline and the real upload against the simulated org, in virtual time. */
export async function simulate(scenario: Scenario, seed = 1): Promise<Outcome> {
  return inVirtualTime(async (clock) => {
    const org = new SimulatedOrg({
      clock,
      seed,
      identitySources: [SOURCE],
      latencyMs: scenario.latencyMs,
      importMs: scenario.importMs,
      cooldownMs: scenario.cooldownMs,
      cooldownApplies: scenario.cooldownApplies,
      rateLimits: { sessions: { limit: scenario.sessionRequests, windowMs: 60_000 } },
      ...(scenario.lostAnswers > 0 && {
        faults: { seed, rates: { resetAfter: scenario.lostAnswers } },
      }),
    });
    const watch = new WaitWatch(() => clock.now());
    const okta = createClient({
      orgUrl: ORG_URL,
      identitySourceId: SOURCE,
      auth: { token: org.token },
      transport: watch.around(transportTo(org, (ms) => systemClock.sleep(ms))),
      random: () => 0.5,
      concurrency: Math.max(4, scenario.loadsAtOnce),
    });
    const state = memoryState({ disk: new MemoryDisk() });
    await earlierRun(scenario, okta, state, clock);
    watch.restart();
    const changes = pipe(users(scenario), validate('users'), diff('users', state));
    const { sessionsInFlight, loadsAtOnce: loadsInFlight } = scenario;
    const options = { sessionsInFlight, loadsInFlight };
    const started = clock.now();
    const report = scenario.lookAhead
      ? await pipe(changes, guard(state, { maxDeletePercent: 100 }), batch(), upload(okta, state, options))
      : await pipe(changes, unguarded(), batch({ lookahead: 1 }), upload(okta, state, options));
    const wallMs = clock.now() - started;
    const active = [...org.directory().users.values()].filter(({ status }) => status === 'ACTIVE').length;
    if (active !== scenario.upserts + (scenario.learnedBy ?? 0) || org.violations.length > 0)
      throw new Error(
        `${scenario.name}: Okta holds ${active} users, with ${org.violations.length} violations`,
      );
    return { requests: report.requests, sessions: report.sessions, wallMs, waits: watch.waits };
  });
}

/** An earlier run: Okta and the state hold the users that are removed and those who stay, and the wait after it is over. */
async function earlierRun(
  { deletes, upserts, learnedBy = 0 }: Scenario,
  okta: OktaClient,
  state: StateStore,
  clock: Clock,
): Promise<void> {
  if (deletes + learnedBy === 0) return;
  const held = Array.from({ length: deletes + learnedBy }, (_, i) => toRecord(person(upserts + i)));
  await pipe(held, validate('users'), diff('users', state), unguarded(), batch(), upload(okta, state));
  await clock.sleep(LIMITS.sessionCooldownMs);
}
