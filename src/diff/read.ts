import { pick, type Chunk } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import { keyOf, type Entity, type RecordOf } from '../core/model.js';
import type { Clock } from '../core/clock.js';
import type { RunContext } from '../flow/run-context.js';
import type { Screening } from '../screening/screening.js';
import type { Reading, StateStore } from '../state/store.js';
import type { AbsenceRules } from './absence-rules.js';
import type { CompleteFor } from './complete-for.js';
import type { Comparer } from './comparer.js';
import type { DiffCounts } from './diff-counts.js';

/** A source that is read and compared with the baseline. */
export interface Read<E extends Entity> {
  readonly entity: E;
  readonly source: Flow<RecordOf[E]>;
  readonly state: StateStore;
  readonly reading: Reading;
  readonly comparer: Comparer<E>;
  readonly rules: AbsenceRules;
  /** Undefined if unchanged rows are not recognised before they are parsed. */
  readonly screening: Screening | undefined;
  /** For memberships of a feed; see `diff`. */
  readonly completeFor: CompleteFor | undefined;
  readonly clock: Clock;
  readonly context: RunContext;
  readonly counts: DiffCounts;
}

/** The records that are in scope; the same chunk if all are. */
export function withoutExcluded<E extends Entity>(
  { entity, rules, counts }: Read<E>,
  chunk: Chunk<RecordOf[E]>,
): Chunk<RecordOf[E]> {
  if (!rules.excludes) return chunk;
  const kept = Array.from(chunk.keys()).filter(
    (i) => !rules.isExcluded(keyOf(entity, chunk[i] as RecordOf[E])),
  );
  if (kept.length === chunk.length) return chunk;
  counts.excluded += chunk.length - kept.length;
  counts.read += chunk.length - kept.length;
  return pick(chunk, kept);
}
