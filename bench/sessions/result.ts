import { LIMITS } from 'rollcall';
import { MIXES } from '../data/mixed-sizes.js';
import { boundMs, predict } from './model.js';
import type { Outcome, Scenario } from './scenario.js';

/** A scenario with what it came to. */
export interface SessionResult {
  readonly scenario: Scenario;
  /** Null where it is too large to be simulated. */
  readonly simulated: Outcome | null;
  /** Null where the model does not apply: it knows items of one size only, and no rate limit of `/sessions`. */
  readonly predicted: Outcome | null;
  /** The sessions that are needed, as far apart as the rule requires. */
  readonly boundMs: number;
}

/** Simulates a scenario of no more changes than `mostSimulated`, and predicts it. */
export async function resultOf(
  scenario: Scenario,
  mostSimulated: number,
  simulate: (scenario: Scenario) => Promise<Outcome>,
): Promise<SessionResult> {
  const canSimulate = scenario.upserts + scenario.deletes <= mostSimulated;
  const simulated = canSimulate ? await simulate(scenario) : null;
  const predicted = scenario.mix === undefined && scenario.rule === undefined ? predict(scenario) : null;
  const sessions = Math.ceil(leastRequests(scenario) / LIMITS.requestsPerSession);
  return { scenario, simulated, predicted, boundMs: boundMs(sessions, scenario) };
}

/** No packing can do with fewer requests. */
function leastRequests({ upserts, deletes, mix }: Scenario): number {
  const sizeOf = mix === undefined ? undefined : MIXES[mix];
  let bytes = 0;
  if (sizeOf !== undefined) for (let i = 0; i < upserts; i++) bytes += sizeOf(i, upserts);
  const { itemsPerRequest, bytesPerRequest } = LIMITS;
  const ofUpserts = Math.max(Math.ceil(upserts / itemsPerRequest), Math.ceil(bytes / bytesPerRequest));
  return ofUpserts + Math.ceil(deletes / itemsPerRequest);
}
