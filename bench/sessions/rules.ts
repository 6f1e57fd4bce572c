import { USUAL, type Scenario } from './scenario.js';

/** Milliseconds of an import in these runs: under a minute, so that the three rules differ. */
const IMPORT_MS = 40_000;
/** Requests a minute to `/sessions`: those of a Preview org, and two larger limits. */
const REQUESTS = [15, 60, 600];

const RULES = [
  { rule: 'import over', cooldownApplies: 'while-active', cooldownMs: 300_000 },
  { rule: '60 s', cooldownApplies: 'always', cooldownMs: 60_000 },
  { rule: '5 min', cooldownApplies: 'always', cooldownMs: 300_000 },
] as const;

const RUNS = [
  { name: 'first load of 100 k', upserts: 100_000 },
  { name: 'first load of 1 M', upserts: 1_000_000 },
  { name: '1 % day of 1 M', upserts: 11_000, deletes: 1000, learnedBy: 40_000 },
] as const;

/** The three rules that Okta may have for the next session, with three rate limits and three runs each. */
export const RULE_SCENARIOS: readonly Scenario[] = RULES.flatMap((rule) =>
  REQUESTS.flatMap((sessionRequests) =>
    RUNS.map((run) => ({
      ...USUAL,
      ...rule,
      ...run,
      name: `${run.name}, ${rule.rule}, ${sessionRequests} requests a minute`,
      importMs: IMPORT_MS,
      sessionRequests,
    })),
  ),
);
