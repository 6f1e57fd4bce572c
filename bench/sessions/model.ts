import type { Outcome, Scenario } from './scenario.js';

const ITEMS = 200;
const REQUESTS_PER_SESSION = 50;
/** Attempts at the same content: once, and four replays, each in halves. */
const ATTEMPTS = 5;
/** Calls of a session besides its loads: list, create, start the import. */
const OTHER_CALLS = 3;
/** Half the time between two looks at a session: what a look is late on average. */
const LOOK_MS = 1000;

/** The least that a run can take: its sessions, as far apart as the rule of the service requires. */
export function boundMs(sessions: number, rule: Pick<Scenario, Rule>): number {
  return Math.max(0, sessions - 1) * ruleMs(rule);
}

type Rule = 'importMs' | 'cooldownApplies' | 'cooldownMs';

/** From the trigger of a session to the earliest creation of the next. */
export function ruleMs({ importMs, cooldownApplies, cooldownMs }: Pick<Scenario, Rule>): number {
  return cooldownApplies === 'always' ? cooldownMs : Math.min(cooldownMs, importMs);
}

/**
 * What a scenario takes by arithmetic, for users of one size. It knows nothing of the code: it is held to the simulation
 * at the sizes that can be simulated, and speaks for those that cannot.
 */
export function predict(scenario: Scenario): Outcome {
  const { upserts, deletes, latencyMs, importMs, lostAnswers, loadsAtOnce } = scenario;
  const requests = Math.ceil(upserts / ITEMS) + Math.ceil(deletes / ITEMS);
  const full = Math.floor(requests / REQUESTS_PER_SESSION);
  const rest = requests % REQUESTS_PER_SESSION;
  const costOf = (content: number) => contentCost(content, { lost: lostAnswers, atOnce: loadsAtOnce }, 1);
  const fullCost = costOf(REQUESTS_PER_SESSION);
  const restCost = rest === 0 ? NO_COST : costOf(rest);
  const total = (part: keyof Cost) => full * fullCost[part] + restCost[part];
  const imported = total('imported');
  const sessions = imported + total('cancelled');
  const loadMs = (total('rounds') + sessions * OTHER_CALLS) * latencyMs;
  const between = Math.max(0, imported - 1) * waitMs(scenario, loadMs / imported);
  return { requests: total('loads'), sessions, wallMs: Math.round(between + loadMs + importMs + LOOK_MS) };
}

/** From the trigger of a session to the creation of the next. */
function waitMs({ sessionsInFlight, ...rule }: Scenario, loadMs: number): number {
  const { importMs, cooldownApplies } = rule;
  const cooldown = ruleMs(rule) + (cooldownApplies === 'always' ? 0 : LOOK_MS);
  if (sessionsInFlight === 1) return Math.max(cooldown, importMs + LOOK_MS);
  // Imports are done one after another: they hold up what is loaded meanwhile once they take longer than it.
  return Math.max(cooldown, importMs - loadMs);
}

/** What it takes until some requests have arrived. */
interface Cost {
  /** Sessions that are imported, and are five minutes apart. */
  readonly imported: number;
  /** Sessions that are given up because an answer was lost, which cost no wait. */
  readonly cancelled: number;
  readonly loads: number;
  /** Times that answers are waited for: several loads can be under way at a time. */
  readonly rounds: number;
}

const NO_COST: Cost = { imported: 0, cancelled: 0, loads: 0, rounds: 0 };

function contentCost(
  requests: number,
  wire: { readonly lost: number; readonly atOnce: number },
  attempt: number,
): Cost {
  const arrives = (1 - wire.lost) ** requests;
  const rounds = Math.ceil(requests / wire.atOnce);
  if (wire.lost === 0 || attempt === ATTEMPTS) return { imported: 1, cancelled: 0, loads: requests, rounds };
  const half = Math.ceil(requests / 2);
  const parts = requests === 1 ? [1] : [half, requests - half];
  const replays = parts.map((part) => contentCost(part, wire, attempt + 1));
  const again = (part: keyof Cost) => replays.reduce((sum, replay) => sum + replay[part], 0);
  return {
    imported: arrives + (1 - arrives) * again('imported'),
    cancelled: (1 - arrives) * (1 + again('cancelled')),
    // A session that is given up was loaded to its middle, on average.
    loads: arrives * requests + (1 - arrives) * (requests / 2 + again('loads')),
    rounds: arrives * rounds + (1 - arrives) * (rounds / 2 + again('rounds')),
  };
}
