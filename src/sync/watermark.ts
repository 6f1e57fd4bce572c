import { systemClock, type Clock } from '../core/clock.js';
import { modeOf } from '../core/mode.js';
import { displayKey, ENTITIES, type Entity } from '../core/model.js';
import type { OwedRecord, OwedReport, UploadReport } from '../core/results.js';
import { feedRecordName, FeedOutcomes } from '../flow/feed-outcomes.js';
import type { RunContext } from '../flow/run-context.js';
import { loadOwed, MOST_OWED, oldestDue, storeOwed, type StoredOwed } from '../state/owed-records.js';
import type { StateStore } from '../state/store.js';
import type { DirectoryOptions } from './directory-changes.js';
import { feedsOf, type SyncOptions } from './sync-options.js';

/** The name of the meta value that contains the watermark. */
const WATERMARK = 'watermark';
/** The most owed records of a report. */
const MOST_REPORTED = 1000;

/** Options of {@link readWatermark}. */
export interface WatermarkOptions {
  /**
   * `due`: the watermark before the oldest owed record that is due, if there is one, so that its part of the feed is read again. A record
   * is due at the next run, and then each time that it has been owed twice as long. `all`: the same for all owed records. `none`: always
   * the last watermark.
   * @defaultValue `'due'`
   */
  readonly owed?: 'due' | 'all' | 'none';
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
}

/**
 * The position from which the next run must read a delta feed: the watermark that was stored last, or an earlier one if records of the
 * feed are owed. Undefined if the feed must be read from its beginning.
 */
export async function readWatermark(
  state: StateStore,
  { owed = 'due', clock = systemClock }: WatermarkOptions = {},
): Promise<string | undefined> {
  const last = await state.getMeta(WATERMARK);
  if (owed === 'none' || last === undefined) return last;
  const all = await loadOwed(state);
  const oldest = owed === 'all' ? all[0] : oldestDue(all, clock.now());
  return oldest === undefined ? last : oldest.from;
}

/**
 * The owed records of a state: what Okta does not have of the feeds that were read. The oldest is the first.
 * @example
 * for (const { entity, code, since } of await readOwed(state)) console.log(entity, code, since);
 */
export async function readOwed(state: StateStore): Promise<readonly OwedRecord[]> {
  return (await loadOwed(state)).map(publicOwed);
}

/**
 * Removes records from those that are owed, for records that no feed will contain again. Okta keeps what it has of them.
 *
 * @param externalIds - the ids (of a membership `group/member`), or `users`, `groups`, `memberships` or `all`
 * @returns the records that were removed
 * @example
 * const forgotten = await forgetOwed(state, ['1001', '1002']);
 */
export async function forgetOwed(
  state: StateStore,
  externalIds: readonly string[],
): Promise<readonly OwedRecord[]> {
  const names = new Set(externalIds);
  const isNamed = ({ entity, externalId }: OwedRecord) =>
    names.has('all') || names.has(entity) || (externalId !== undefined && names.has(externalId));
  const owed = await loadOwed(state);
  const kept = owed.filter((one) => !isNamed(publicOwed(one)));
  if (kept.length < owed.length) await storeOwed(state, kept);
  return owed.map(publicOwed).filter(isNamed);
}

/** The options of `sync` that matter for feeds. */
type FeedOptions = DirectoryOptions & Pick<SyncOptions, 'retryOwed'>;

/** The feeds of one run, and the records that they owe. */
export class FeedDebts {
  readonly #state: StateStore;
  readonly #options: DirectoryOptions;
  readonly #context: RunContext;
  readonly #feeds: readonly Entity[];
  readonly #before: readonly StoredOwed[];
  readonly #from: string | undefined;
  readonly #isRetry: boolean;
  readonly #now: number;

  private constructor(
    state: StateStore,
    options: FeedOptions,
    context: RunContext,
    before: readonly StoredOwed[],
    from: string | undefined,
    now: number,
  ) {
    this.#state = state;
    this.#options = options;
    this.#context = context;
    this.#feeds = feedsOf(options);
    this.#before = before;
    this.#from = from;
    this.#isRetry = options.retryOwed === true;
    this.#now = now;
    context.feeds = new FeedOutcomes(this.#feeds, before, MOST_OWED);
  }

  /** Before the sources are read. */
  static async open(
    state: StateStore,
    options: FeedOptions,
    context: RunContext,
    now: number,
  ): Promise<FeedDebts> {
    return new FeedDebts(state, options, context, await loadOwed(state), await state.getMeta(WATERMARK), now);
  }

  /**
   * After the run: stores what is owed from now on, and the watermark if nothing of the feeds is lost by it.
   *
   * @param isWhole - whether everything was sent and nothing else of the feeds is needed again
   */
  async store(
    watermark: string | undefined,
    uploaded: UploadReport,
    isWhole: boolean,
  ): Promise<{ readonly owed: OwedReport; readonly watermarkKept: boolean | undefined }> {
    const isComplete = isWhole && uploaded.remaining === 0 && !this.#hasUnsent;
    const after = this.#after(isComplete);
    const fits = after.length <= MOST_OWED && this.#context.feeds?.overflowed !== true;
    const owed = after.slice(0, MOST_OWED);
    if (owed.length + this.#before.length > 0) await storeOwed(this.#state, owed);
    const report = {
      count: owed.length,
      records: owed.slice(0, MOST_REPORTED).map(publicOwed),
      tooMany: !fits,
    };
    if (watermark === undefined) return { owed: report, watermarkKept: undefined };
    const isKept = isComplete && (this.#feeds.length > 0 ? fits : !this.#hasFailures(uploaded));
    // After the owed records: if the process ends in between, the feed is only read again.
    if (isKept) await this.#state.setMeta(WATERMARK, watermark);
    return { owed: report, watermarkKept: isKept };
  }

  get #hasUnsent(): boolean {
    return ENTITIES.some((entity) => (this.#context.selection?.unsent[entity] ?? 0) > 0);
  }

  /** For a run without a feed, whose sources are complete reads of what changed in some other sense. */
  #hasFailures(uploaded: UploadReport): boolean {
    return (
      uploaded.refused.length > 0 || ENTITIES.some((entity) => this.#context.counts(entity).rejected > 0)
    );
  }

  /** The owed records after this run, the oldest first. */
  #after(isComplete: boolean): readonly StoredOwed[] {
    const failures = new Map(
      Array.from(this.#context.feeds?.failures ?? [], (one) => [feedRecordName(one.entity, one.key), one]),
    );
    const due = this.#isRetry ? this.#before[0] : oldestDue(this.#before, this.#now);
    const kept: StoredOwed[] = [];
    for (const one of this.#before) {
      const name = feedRecordName(one.entity, one.key);
      const failure = failures.get(name);
      failures.delete(name);
      // The part of the feed from the oldest due record on was read, whether it still contains this one or not.
      const wasRead = this.#feeds.includes(one.entity) && due !== undefined && one.at >= due.at;
      if (failure !== undefined) kept.push({ ...one, code: failure.code, tried: this.#now });
      else if (!isComplete || !this.#isSettled(one, wasRead))
        kept.push(wasRead && isComplete ? { ...one, tried: this.#now } : one);
    }
    const from = due === undefined ? this.#from : due.from;
    const added = Array.from(failures.values(), ({ entity, key, code }) => ({
      entity,
      ...(key !== undefined && { key }),
      code,
      ...(from !== undefined && { from }),
      at: this.#now,
      tried: this.#now,
    }));
    return [...kept, ...added];
  }

  #isSettled({ entity, key }: StoredOwed, wasRead: boolean): boolean {
    const { feeds } = this.#context;
    if (this.#options[entity] !== undefined && modeOf(this.#options.mode, entity) === 'full') return true;
    if (key === undefined) return wasRead && this.#context.counts(entity).unidentified === 0;
    return feeds?.isSettled(entity, key) === true;
  }
}

function publicOwed({ entity, key, code, at, from }: StoredOwed): OwedRecord {
  return {
    entity,
    externalId: key === undefined ? undefined : displayKey(entity, key),
    code,
    since: new Date(at),
    watermark: from,
  };
}
