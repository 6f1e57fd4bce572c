import { SessionError } from '../core/errors.js';
import type { Batch } from '../core/model.js';
import { NamedReferences } from '../core/named-references.js';
import { splitBatch } from './session-content.js';
import { PackedBatch } from './packed-batch.js';
import type { SessionFailure } from './session-failure.js';

/** The run ends after this many failed sessions in a row, if Okta accepted nothing between them. */
const MOST_IN_A_ROW = 10;
/** The run ends if the same changes failed in more sessions. To halve 50 requests of 200 records down to one takes fewer. */
const MOST_ATTEMPTS = 24;
/** A record that is alone in its request, or in its session, counts as the cause after this many failures. */
const FAILURES_ALONE = 3;

/** The batches of one session. */
export interface Content {
  readonly batches: readonly PackedBatch[];
  /** The number of failed sessions that contained them before. */
  readonly attempt: number;
  /** True for memberships that wait until all created users and groups are confirmed. */
  readonly waits?: boolean;
  /** True if one of the records may be the cause of failures. Such content is sent when nothing else can be sent. */
  readonly suspect?: boolean;
  /** How often Okta had accepted something when the content failed for the first time. */
  readonly acceptedBefore?: number;
}

/** A record that is the cause of failed sessions. */
export interface Culprit {
  readonly batch: PackedBatch;
  /** True if Okta accepted something else since it failed for the first time, so that it is not Okta that fails. */
  readonly isProven: boolean;
}

/**
 * The content of failed sessions, which is sent again in smaller parts.
 *
 * After its first failure, the content of a session is halved. If it fails again, and a record may be the cause, it becomes a
 * _suspect_: it waits until everything else was sent, and is halved down to a single record, also inside its requests. A record
 * that fails alone {@link FAILURES_ALONE} times is the cause.
 */
export class Replays {
  readonly #soon: Content[] = [];
  readonly #suspects: Content[] = [];
  /** The users and groups that suspects create. Memberships that name them wait. */
  #suspected = new NamedReferences();
  readonly #failuresAlone = new Map<string, number>();
  #inARow = 0;
  #accepted = 0;

  /**
   * The next content to be sent before new batches; undefined if there is none.
   * @param creating - true if the creation of a user or group is not confirmed yet
   */
  next(creating: boolean): Content | undefined {
    return takeFirst(this.#soon, creating);
  }

  /** The next suspect, which is sent when nothing else can be sent. */
  nextSuspect(creating: boolean): Content | undefined {
    return takeFirst(this.#suspects, creating);
  }

  /** True if a batch names a user or group that a suspect creates. */
  delays({ changes }: Batch, creating: boolean): boolean {
    if (!creating) this.#suspected = new NamedReferences();
    return changes.some((change) => this.#suspected.has(change));
  }

  /** Adds content for which a session had no requests left. */
  putBack(content: Content): void {
    this.#soon.unshift(content);
  }

  /** Records that Okta accepted something, so that earlier failures do not count as failures in a row. */
  progress(): void {
    this.#inARow = 0;
    this.#accepted++;
  }

  /**
   * Adds the content of a failed session. If a single record is the cause, it is returned, and not sent again.
   * @throws {@link SessionError} if too many sessions failed
   */
  failed(failed: Content, failure: SessionFailure): Culprit | undefined {
    const { acceptedBefore = this.#accepted } = failed;
    const content = { ...failed, acceptedBefore };
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
      return { batch, isProven: this.#accepted > acceptedBefore };
    }
    const split = splitPacked(batch).map((half) => ({ ...content, batches: [half], attempt }));
    if (failure.batch === undefined) this.#suspect(split);
    // The requests of a suspect stay in one session, because to cancel a session takes seconds, and to import one takes minutes.
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

/**
 * Separates memberships, and what comes after them, from the other batches. The parts are sent in any order, so memberships wait
 * for users and groups.
 */
function partsOf(content: Content): readonly Content[] {
  const isLate = ({ entity, kind, dependent }: PackedBatch) =>
    (entity === 'memberships' && kind === 'upsert') || (kind === 'delete' && dependent);
  const parts = [
    { ...content, batches: content.batches.filter((batch) => !isLate(batch)) },
    { ...content, batches: content.batches.filter(isLate), waits: true },
  ];
  return parts.filter(({ batches }) => batches.length > 0);
}

/** The content in two halves; a single batch is not halved. */
function halves(content: Content, attempt: number): readonly Content[] {
  const { batches } = content;
  if (batches.length < 2) return [{ ...content, attempt }];
  const middle = Math.ceil(batches.length / 2);
  return [
    { ...content, batches: batches.slice(0, middle), attempt },
    { ...content, batches: batches.slice(middle), attempt },
  ];
}

/** The halves of a batch; the batch itself if it has one change. */
function splitPacked(batch: PackedBatch): readonly PackedBatch[] {
  return splitBatch(batch.unpack())?.map((half) => new PackedBatch(half)) ?? [batch];
}
