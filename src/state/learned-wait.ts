import { LIMITS } from '../core/limits.js';
import type { StateStore } from './store.js';

/** The name of the meta value in which a state keeps what it learned. */
const NAME = 'session-wait';

/** What polls found out about one import. Times are milliseconds since it began. */
export interface ImportTime {
  /** The last poll before its end; 0 if there was none. */
  readonly afterMs: number;
  /** The poll that saw its end. */
  readonly byMs: number;
}

/** The wait between two sessions, as Okta has shown it. Times are milliseconds after the trigger of a session. */
export interface LearnedWait {
  /** Whether a session can be created as soon as the import before it is over; undefined if that was not tried. */
  readonly afterImport?: boolean | undefined;
  /** The shortest wait after which Okta created a session, whether or not the import was over. */
  readonly createdMs?: number | undefined;
  /** The wait after which Okta last created a session because the import was over. */
  readonly importedMs?: number | undefined;
  /** The longest wait after which Okta refused to create one. */
  readonly refusedMs?: number | undefined;
  /** A moment at which a session is tried once more, although Okta refused one at this moment or later: its rule may have changed. */
  readonly retryMs?: number | undefined;
  /** The last import of the last run in which one ended. */
  readonly lastImport?: ImportTime | undefined;
  /** The number of sessions from which this was learned. */
  readonly sessions: number;
}

/** What is known before the first session. */
export const NOTHING_LEARNED: LearnedWait = Object.freeze({ sessions: 0 });

/** A wait between two sessions, in milliseconds. */
export interface WaitRange {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * The wait to expect between two sessions. While nothing is learned it is between one minute and five, the two times that Okta's tests
 * and documents require. A moment that worked is the shortest; it is also the longest if it did not depend on the end of an
 * import, because the next import may take longer than the last one.
 *
 * @param cooldownMs - the longest wait after which the next session is tried, if that is set to less
 */
export function expectedWait(
  { afterImport, createdMs, importedMs, refusedMs = 0 }: LearnedWait,
  cooldownMs: number = LIMITS.sessionCooldownMs,
): WaitRange {
  const byImportMs = afterImport === true ? importedMs : undefined;
  const workedMs = Math.min(createdMs ?? Infinity, byImportMs ?? Infinity);
  const leastMs = Number.isFinite(workedMs)
    ? workedMs
    : Math.max(Math.min(LIMITS.shortSessionCooldownMs, cooldownMs), refusedMs);
  return {
    leastMs: Math.round(leastMs),
    mostMs: Math.round(Math.max(leastMs, createdMs ?? Math.min(LIMITS.sessionCooldownMs, cooldownMs))),
  };
}

/** What a state has learned of its source. A value that cannot be read counts as nothing. */
export async function loadLearnedWait(state: StateStore): Promise<LearnedWait> {
  const text = await state.getMeta(NAME);
  if (text === undefined) return NOTHING_LEARNED;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NOTHING_LEARNED;
  }
  if (typeof value !== 'object' || value === null) return NOTHING_LEARNED;
  const { afterImport, createdMs, importedMs, refusedMs, retryMs, lastImport, sessions } = value as Readonly<
    Record<string, unknown>
  >;
  return {
    afterImport: typeof afterImport === 'boolean' ? afterImport : undefined,
    createdMs: isDuration(createdMs) ? createdMs : undefined,
    importedMs: isDuration(importedMs) ? importedMs : undefined,
    refusedMs: isDuration(refusedMs) ? refusedMs : undefined,
    retryMs: isDuration(retryMs) ? retryMs : undefined,
    lastImport: toImportTime(lastImport),
    sessions: Number.isSafeInteger(sessions) ? Math.max(0, sessions as number) : 0,
  };
}

/** Keeps what was learned for the next run. */
export async function storeLearnedWait(state: StateStore, learned: LearnedWait): Promise<void> {
  await state.setMeta(NAME, JSON.stringify(learned));
}

function toImportTime(value: unknown): ImportTime | undefined {
  const { afterMs, byMs } = Object(value) as Readonly<Record<string, unknown>>;
  return isDuration(afterMs) && isDuration(byMs) && afterMs <= byMs ? { afterMs, byMs } : undefined;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
