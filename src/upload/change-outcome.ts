import { splitMembershipKey, type Change } from '../core/model.js';
import type { ChangeOutcome } from '../core/results.js';
import type { PackedBatch } from './packed-batch.js';
import type { ResolvedUploadOptions } from './upload-options.js';

type Outcome = ChangeOutcome['outcome'];

/** Passes the outcomes of changes to the option `onOutcome`. */
export class OutcomeReporter {
  readonly #onOutcome: ResolvedUploadOptions['onOutcome'];

  constructor({ onOutcome }: Pick<ResolvedUploadOptions, 'onOutcome'>) {
    this.#onOutcome = onOutcome;
  }

  changes(
    changes: readonly Change[],
    sessionId: string | undefined,
    outcome: Outcome,
    errorCode?: string,
  ): void {
    this.#onOutcome?.(changes.map((change) => outcomeOf(change, sessionId, outcome, errorCode)));
  }

  /** Reports all changes of a session. Its batches are unpacked only if somebody listens. */
  batches(
    { batches }: { readonly batches: readonly PackedBatch[] },
    sessionId: string,
    outcome: Outcome,
  ): void {
    if (this.#onOutcome === undefined) return;
    for (const batch of batches) this.changes(batch.unpack().changes, sessionId, outcome);
  }
}

/** The outcome of a change, as `onOutcome` receives it. */
export function outcomeOf(
  change: Change,
  sessionId: string | undefined,
  outcome: Outcome,
  errorCode: string | undefined,
): ChangeOutcome {
  const { entity, kind, key, created, changed } = change;
  const ids = entity === 'memberships' ? splitMembershipKey(key) : undefined;
  return {
    entity,
    kind,
    externalId: ids?.groupExternalId ?? key,
    ...(ids && { memberExternalId: ids.memberExternalId }),
    created,
    ...(changed && { changedAttributes: changed }),
    sessionId: sessionId ?? '',
    outcome,
    ...(errorCode !== undefined && { errorCode }),
  };
}
