import type { Batch, Change } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import { makeBatch } from '../okta/bulk-body.js';
import type { OutcomeReporter } from './change-outcome.js';
import { RefusalLimit } from './refusal-limit.js';
import type { RememberedRefusals } from './remembered-refusals.js';
import { NamedReferences } from './session-content.js';
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
  /** True if the record is not sent again by later runs, until it changes. */
  readonly lasts?: boolean;
}

/** Later runs report this code too if Okta gave none. */
const NO_CODE = 'REFUSED';
const REMEMBERED =
  'each session with the record failed in an earlier run; it is not sent again until it changes, or until resend names it';

/** The records that Okta refused in this run. They are reported and not sent again, nor are memberships that name them. */
export class RefusedChanges {
  readonly limit: RefusalLimit;
  /** Set when the run begins. */
  remembered: RememberedRefusals | undefined;
  readonly #events: ResolvedUploadOptions['events'];
  readonly #tally: UploadTally;
  readonly #outcomes: OutcomeReporter;
  readonly #references = new NamedReferences();

  constructor(
    { events }: Pick<ResolvedUploadOptions, 'events'>,
    run: RunContext,
    tally: UploadTally,
    outcomes: OutcomeReporter,
  ) {
    this.#events = events;
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
      this.#events.emit({ type: 'batch:refused', sessionId, entity, kind, items, rejection });
      if (lasts) await this.remembered?.remember(change, errorCode ?? NO_CODE);
    }
    this.limit.refused(entity, errorCode, reason);
  }

  /**
   * The batch without records that an earlier run found to be the cause of failures, and without memberships whose user or group
   * was refused; undefined if nothing is left of it.
   */
  without(batch: Batch): Batch | undefined {
    const kept = batch.changes.filter((change) => {
      const code = this.remembered?.codeOf(change);
      if (code !== undefined) {
        this.#references.add(change);
        this.#unsent(change, code, REMEMBERED);
      } else if (this.#references.has(change)) {
        this.#unsent(change, 'REFERENCE_REFUSED', 'Okta refused the user or group it names');
      } else {
        return true;
      }
      return false;
    });
    if (kept.length === batch.changes.length) return batch;
    return kept.length === 0 ? undefined : makeBatch(batch.entity, batch.kind, kept);
  }

  #unsent(change: Change, code: string, reason: string): void {
    this.#tally.refused(change, code, reason);
    this.#outcomes.changes([change], undefined, 'refused', code);
  }
}
