import { bodyFrame, makeBatch } from '../okta/bulk-body.js';
import { entryBytes, entrySizesOf } from '../state/outbox/entry-sizes.js';
import { RecordError } from '../core/errors.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { LIMITS } from '../core/limits.js';
import { displayKey, type Batch, type Change } from '../core/model.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { outlookOf } from '../state/outbox/remaining-changes.js';
import { LANES, type Lane } from '../state/store.js';
import { MembershipPacker } from './membership-packer.js';
import { ProfilePacker, type Packer } from './profile-packer.js';

/** Options of {@link batch}. They can make requests smaller, but not larger than Okta allows. */
export interface BatchOptions {
  /**
   * The most items of a request.
   * @defaultValue `200`, Okta's limit
   */
  readonly maxItems?: number;
  /**
   * The most bytes of a request's body, as sent.
   * @defaultValue `200_000`: Okta allows 200 KB
   */
  readonly maxBytes?: number;
  /**
   * The number of changes from which the items of a request are chosen, to fill it well.
   * @defaultValue `1000`
   */
  readonly lookahead?: number;
}

const FREE_MEMBERSHIPS = LANES.findIndex(
  ({ entity, kind, dependent }) => entity === 'memberships' && kind === 'upsert' && !dependent,
);
const DEPENDENT_MEMBERSHIPS = LANES.findIndex(({ dependent }) => dependent);

/**
 * Packs changes into as few requests as the limits allow. A request has at most 200 items and 200,000 bytes (as sent),
 * and one kind of change of one entity. Changes should come in the order of `guard`; other orders also work, but may
 * need more requests. Nothing is read ahead except the look-ahead.
 *
 * @throws {@link OptionsError} at once for invalid options; {@link RecordError} while reading, for a change that can
 * never fit into a request (`validate` rejects such records).
 */
export function batch(options: BatchOptions = {}): Operator<Change, Batch> {
  refuseUnknown('batch', options, ['maxItems', 'maxBytes', 'lookahead']);
  const maxItems = requireNumber('maxItems', options.maxItems ?? LIMITS.itemsPerRequest, {
    min: 1,
    max: LIMITS.itemsPerRequest,
    integer: true,
  });
  const maxBytes = requireNumber('maxBytes', options.maxBytes ?? LIMITS.bytesPerRequest, {
    min: 100,
    max: LIMITS.bytesPerRequest,
    integer: true,
  });
  const lookahead = requireNumber('lookahead', options.lookahead ?? 1000, {
    min: 1,
    max: 1_000_000,
    integer: true,
  });
  return (source) => flowOf(() => new Batcher(maxItems, maxBytes, lookahead).run(source), contextOf(source));
}

class Batcher {
  readonly #packers: readonly Packer[];
  readonly #maxBytes: number;

  constructor(maxItems: number, maxBytes: number, lookahead: number) {
    this.#maxBytes = maxBytes;
    this.#packers = LANES.map(({ entity, kind }) => {
      const capacity = { items: maxItems, bytes: maxBytes - frameBytes(entity, kind) };
      return entity === 'memberships'
        ? new MembershipPacker(capacity, lookahead)
        : new ProfilePacker(capacity, lookahead);
    });
  }

  async *run(source: Flow<Change>): AsyncGenerator<Chunk<Batch>, void, undefined> {
    for await (const chunk of source.chunks()) {
      // A store of others may hand on a chunk of nothing.
      if (chunk.length === 0) continue;
      const outlook = outlookOf(chunk);
      const sizes = entrySizesOf(chunk);
      let rank = laneOf(chunk[0] as Change);
      if (outlook !== undefined) this.#lane(rank).expect(outlook);
      for (let i = 0; i < chunk.length; i++) {
        const change = chunk[i] as Change;
        // Nearly all changes of a chunk are of one lane.
        if (!isOf(change, LANES[rank] as Lane)) rank = laneOf(change);
        const bytes = sizes?.[i] ?? entryBytes(change);
        this.#requireFitting(change, bytes);
        const packer = this.#lane(rank);
        packer.add(change, bytes);
        if (packer.ready) {
          yield* this.#flushBelow(rank);
          yield withoutPlaces([this.#next(rank)]);
        }
      }
    }
    yield* this.#flushBelow(LANES.length);
  }

  /** Empties the lanes that are sent before this one. */
  *#flushBelow(rank: number): Generator<Chunk<Batch>, void, undefined> {
    for (let lower = 0; lower < rank; lower++) {
      const packer = this.#packers[lower] as Packer;
      while (packer.size > 0) {
        const changes = packer.take();
        const last = packer.size === 0;
        // The rest of the free memberships may wait for the dependent ones, and share a request with them.
        if (last && lower === FREE_MEMBERSHIPS && this.#lane(DEPENDENT_MEMBERSHIPS).size > 0) {
          for (const change of changes) this.#lane(DEPENDENT_MEMBERSHIPS).add(change, entryBytes(change));
        } else {
          yield withoutPlaces([this.#batch(lower, changes)]);
        }
      }
    }
  }

  #next(rank: number): Batch {
    return this.#batch(rank, this.#lane(rank).take());
  }

  #lane(rank: number): Packer {
    return this.#packers[rank] as Packer;
  }

  #batch(rank: number, changes: readonly Change[]): Batch {
    const { entity, kind } = LANES[rank] as Lane;
    return makeBatch(entity, kind, changes);
  }

  #requireFitting(change: Change, bytesOfEntry: number): void {
    // UTF-8 takes at most three bytes for a UTF-16 code unit: most items need no closer look.
    if (bytesOfEntry + change.group.length * 3 + 200 <= this.#maxBytes) return;
    const bytes = makeBatch(change.entity, change.kind, [change]).bytes;
    if (bytes <= this.#maxBytes) return;
    const name = `${change.entity} ${displayKey(change.entity, change.key)}`;
    throw new RecordError(
      change.entity,
      `${name} takes ${bytes} bytes and can never fit in a request of ${this.#maxBytes}`,
    );
  }
}

function frameBytes(entity: Lane['entity'], kind: Lane['kind']): number {
  const [head, tail] = bodyFrame(entity, kind);
  return head.length + tail.length;
}

function laneOf(change: Change): number {
  for (let rank = 0; rank < LANES.length; rank++) {
    if (isOf(change, LANES[rank] as Lane)) return rank;
  }
  throw new RecordError(change.entity, `${change.entity} ${change.kind} is no kind of change`);
}

function isOf({ entity, kind, dependent }: Change, lane: Lane): boolean {
  return lane.kind === kind && lane.entity === entity && lane.dependent === dependent;
}
