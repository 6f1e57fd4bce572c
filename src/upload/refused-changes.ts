import type { Batch } from '../core/model.js';
import { NamedReferences } from '../core/named-references.js';
import type { RunContext } from '../flow/run-context.js';
import { makeBatch } from '../okta/bulk-body.js';
import type { RememberedRefusals } from '../state/remembered-refusals.js';
import type { OutcomeReporter } from './change-outcome.js';
import { RefusalLimit } from './refusal-limit.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import type { UploadTally } from './upload-tally.js';

/** Why Okta refused a record. */
export interface Refusal {
  readonly sessionId: string;
  readonly errorCode: string | undefined;
  /** What happened, in words. */
  readonly what: string;
  /** Okta's reason, if it gave one. */
  readonly reason: string | undefined;
  /** True if the record is not sent again by runs of the next day, until it changes. */
  readonly lasts?: boolean;
}

/** Later runs report this code too if Okta gave none. */
const NO_CODE = 'REFUSED';

/** The records that Okta refused in this run. They are reported and not sent again, nor are memberships that name them. */
export class RefusedChanges {
  readonly limit: RefusalLimit;
  /** Set when the run begins. */
  remembered: RememberedRefusals | undefined;
  readonly #options: Pick<ResolvedUploadOptions, 'events' | 'clock'>;
  readonly #run: RunContext;
  readonly #tally: UploadTally;
  readonly #outcomes: OutcomeReporter;
  readonly #references = new NamedReferences();

  constructor(
    options: Pick<ResolvedUploadOptions, 'events' | 'clock'>,
    run: RunContext,
    tally: UploadTally,
    outcomes: OutcomeReporter,
  ) {
    this.#options = options;
    this.#run = run;
    this.#tally = tally;
    this.#outcomes = outcomes;
    this.limit = new RefusalLimit(run);
  }

  /** Reports the one record of a batch as refused. @throws {@link RecordError} if Okta refuses too many records */
  async add(batch: Batch, { sessionId, errorCode, what, reason, lasts = false }: Refusal): Promise<void> {
    const { entity, kind, items, changes } = batch;
    this.#outcomes.changes(changes, sessionId, 'refused', errorCode);
    for (const change of changes) {
      const why = reason === undefined ? what : `${what}: ${reason}`;
      const rejection = this.#tally.refused(change, errorCode, why);
      this.#references.add(change);
      this.#run.feeds?.fail(entity, change.key, errorCode ?? NO_CODE);
      this.#options.events.emit({ type: 'batch:refused', sessionId, entity, kind, items, rejection });
      if (lasts) await this.remembered?.remember(change, errorCode ?? NO_CODE, this.#options.clock.now());
    }
    this.limit.refused(entity, errorCode, reason);
  }

  /** The batch without memberships whose user or group was refused in this run; undefined if nothing is left of it. */
  without(batch: Batch): Batch | undefined {
    const kept = batch.changes.filter((change) => {
      if (!this.#references.has(change)) return true;
      this.#tally.refused(change, 'REFERENCE_REFUSED', 'Okta refused the user or group it names');
      this.#run.feeds?.fail(change.entity, change.key, 'REFERENCE_REFUSED');
      this.#outcomes.changes([change], undefined, 'refused', 'REFERENCE_REFUSED');
      return false;
    });
    if (kept.length === batch.changes.length) return batch;
    return kept.length === 0 ? undefined : makeBatch(batch.entity, batch.kind, kept);
  }

  /** Reports the records that `diff` kept out of the plan, because Okta refused them in an earlier run. Each is reported once. */
  reportEarlier(): void {
    for (const { change, code, reason } of this.#run.refusedBefore.splice(0)) {
      this.#tally.refusedBefore(change, code, reason);
      this.#run.feeds?.fail(change.entity, change.key, code);
      this.#outcomes.changes([change], undefined, 'refused', code);
    }
  }
}
