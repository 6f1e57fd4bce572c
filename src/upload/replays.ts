import { SessionError } from '../core/errors.js';
import type { Batch } from '../core/model.js';
import { NamedReferences, splitBatch } from './session-content.js';
import { PackedBatch } from './packed-batch.js';

/** Sessions that may fail in a row, with nothing accepted in between, before the run ends. */
const MOST_IN_A_ROW = 10;
/** Sessions in which the same changes may fail: enough to halve 50 requests of 200 records down to one, and some. */
const MOST_ATTEMPTS = 24;
/** Failures of a record that is alone in its request, or in its session, after which it is the one at fault. */
const FAILURES_ALONE = 3;

/** What one session is to carry. */
export interface Content {
  readonly batches: readonly PackedBatch[];
  /** The number of failed sessions that carried it before. */
  readonly attempt: number;
  /** True for memberships: they wait until all users and groups that are created are confirmed. */
  readonly waits?: boolean;
  /** True if one of its records is suspected. It is sent when nothing else can be. */
  readonly suspect?: boolean;
}

/** How a session failed. */
export interface SessionFailure {
  readonly sessionId: string;
  readonly reason: string;
  /** The batch whose load failed; undefined if all were loaded. */
  readonly batch?: PackedBatch | undefined;
  /** True if a record can be the reason: Okta answered a load with 5xx, or the import ended in ERROR. */
  readonly blames: boolean;
  /** What Okta answered then. */
  readonly errorCode?: string | undefined;
}

/**
 * The content of failed sessions, which is sent again in smaller parts.
 *
 * The first failure halves the content of the session. A second one that a record may have caused makes a suspect: it is halved
 * down to a single record, inside its requests too, and waits until everything else was sent. A record that fails alone again and
 * again is the one at fault.
 */
export class Replays {
  readonly #soon: Content[] = [];
  readonly #suspects: Content[] = [];
  /** Users and groups that suspects create: memberships that name them wait. */
  #suspected = new NamedReferences();
  readonly #failuresAlone = new Map<string, number>();
  #inARow = 0;

  /** Content that comes before everything new. `creating`: whether the creation of a user or group is not confirmed yet. */
  next(creating: boolean): Content | undefined {
    return takeFirst(this.#soon, creating);
  }

  /** Content that comes when nothing else can be sent. */
  nextSuspect(creating: boolean): Content | undefined {
    return takeFirst(this.#suspects, creating);
  }

  /** True if a batch names a user or group that a suspect creates. */
  delays({ changes }: Batch, creating: boolean): boolean {
    if (!creating) this.#suspected = new NamedReferences();
    return changes.some((change) => this.#suspected.has(change));
  }

  /** What a session had no requests left for. */
  putBack(content: Content): void {
    this.#soon.unshift(content);
  }

  /** Okta accepted something: it is not the service that fails. */
  progress(): void {
    this.#inARow = 0;
  }

  /**
   * Takes the content of a failed session. Returns the batch of a single record if that is at fault; it is not sent again.
   * @throws {@link SessionError} if too many sessions failed
   */
  failed(content: Content, failure: SessionFailure): PackedBatch | undefined {
    const attempt = content.attempt + 1;
    if (++this.#inARow >= MOST_IN_A_ROW || attempt > MOST_ATTEMPTS) {
      const what =
        attempt > MOST_ATTEMPTS
          ? `the same changes failed in ${attempt} sessions`
          : `${this.#inARow} sessions in a row failed`;
      throw new SessionError(
        `${what} (last reason: ${failure.reason}); the next run sends them again`,
        failure.sessionId,
      );
    }
    const parts = partsOf(content);
    if (!failure.blames || attempt === 1) {
      this.#soon.unshift(...parts.flatMap((part) => halves(part, attempt)));
      return undefined;
    }
    const { batches } = content;
    const batch = failure.batch ?? (batches.length === 1 ? batches[0] : undefined);
    if (batch === undefined) {
      for (const part of parts) this.#suspect(halves(part, attempt));
      return undefined;
    }
    const rest = { ...content, batches: batches.filter((one) => one !== batch) };
    if (batch.size === 1 && this.#isAtFault(batch)) {
      if (rest.batches.length > 0) this.#soon.unshift({ ...rest, attempt });
      return batch;
    }
    const split = splitPacked(batch).map((half) => ({ ...content, batches: [half], attempt }));
    if (failure.batch === undefined) this.#suspect(split);
    // The requests of a suspect stay in one session: a session that is cancelled costs little, one that is imported minutes.
    else if (content.suspect)
      this.#suspect([{ ...rest, batches: [...rest.batches, ...splitPacked(batch)], attempt }]);
    else {
      this.#soon.unshift(...partsOf(rest).flatMap((part) => halves(part, attempt)));
      this.#suspect([{ ...content, batches: splitPacked(batch), attempt }]);
    }
    return undefined;
  }

  #suspect(contents: readonly Content[]): void {
    for (const content of contents) {
      this.#suspects.push({ ...content, suspect: true });
      for (const batch of content.batches)
        if (batch.creates > 0) batch.unpack().changes.forEach((change) => this.#suspected.add(change));
    }
  }

  #isAtFault(batch: PackedBatch): boolean {
    const [change] = batch.unpack().changes;
    const name = `${batch.entity} ${change?.key}`;
    const failures = (this.#failuresAlone.get(name) ?? 0) + 1;
    this.#failuresAlone.set(name, failures);
    return failures >= FAILURES_ALONE;
  }
}

function takeFirst(contents: Content[], creating: boolean): Content | undefined {
  const at = contents.findIndex(({ waits }) => !(waits && creating));
  return at < 0 ? undefined : contents.splice(at, 1)[0];
}

/** The content, with its memberships apart: parts are sent in any order, so these wait for the users and groups they name. */
function partsOf(content: Content): readonly Content[] {
  const isMembership = ({ entity, kind }: PackedBatch) => entity === 'memberships' && kind === 'upsert';
  const memberships = content.batches.filter(isMembership);
  const others = content.batches.filter((batch) => !isMembership(batch));
  const parts = [
    { ...content, batches: others },
    { ...content, batches: memberships, waits: true },
  ];
  return parts.filter(({ batches }) => batches.length > 0);
}

/** The same content in two sessions; in one, if it is a single request. */
function halves(content: Content, attempt: number): readonly Content[] {
  const { batches } = content;
  if (batches.length < 2) return [{ ...content, attempt }];
  const middle = Math.ceil(batches.length / 2);
  return [
    { ...content, batches: batches.slice(0, middle), attempt },
    { ...content, batches: batches.slice(middle), attempt },
  ];
}

/** The halves of a batch; the batch, if it is of one change. */
function splitPacked(batch: PackedBatch): readonly PackedBatch[] {
  return splitBatch(batch.unpack())?.map((half) => new PackedBatch(half)) ?? [batch];
}
