import { bodyFrame, makeBatch } from '../okta/bulk-body.js';
import type { RunContext } from '../flow/run-context.js';
import { RecordError } from '../core/errors.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { LIMITS } from '../core/limits.js';
import { displayKey, isChange, type Batch, type Change, type Guarded } from '../core/model.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { LANES, type Lane } from '../state/store.js';
import { RequestPacker } from './request-packer.js';
import { named } from '../flow/stage-order.js';
import { stageInput } from '../flow/stage-input.js';

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

/**
 * Packs changes into as few requests as the limits allow. A request has at most 200 items and 200,000 bytes (as sent),
 * and one kind of change of one entity. Changes should come in the order of `guard`; other orders also work, but may
 * need more requests. Nothing is read ahead except the look-ahead.
 *
 * @throws {@link OptionsError} at once for invalid options; {@link RecordError} while reading, for a change that can
 * never fit into a request (`validate` rejects such records).
 */
export function batch(options: BatchOptions = {}): Operator<Guarded, Batch> {
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
  return named('batch', (source) =>
    flowOf(
      () =>
        new Batcher(maxItems, maxBytes, lookahead, contextOf(source)).run(
          stageInput('batch', source, isChange),
        ),
      contextOf(source),
    ),
  );
}

class Batcher {
  readonly #packers: readonly RequestPacker[];
  readonly #maxBytes: number;
  readonly #context: RunContext;

  constructor(maxItems: number, maxBytes: number, lookahead: number, context: RunContext) {
    this.#context = context;
    this.#maxBytes = maxBytes;
    this.#packers = LANES.map((lane) => new RequestPacker(lane, { maxItems, maxBytes }, lookahead));
  }

  async *run(source: Flow<Change>): AsyncGenerator<Chunk<Batch>, void, undefined> {
    let rank = 0;
    for await (const chunk of source.chunks()) {
      for (const found of chunk) {
        const change = this.#cleared(found);
        // Nearly all changes of a chunk are of one lane.
        if (!isOf(change, LANES[rank] as Lane)) rank = laneOf(change);
        this.#requireFitting(change);
        const packer = this.#packers[rank] as RequestPacker;
        packer.add(change);
        if (!packer.ready) continue;
        yield* this.#flushBelow(rank);
        yield withoutPlaces([this.#next(rank)]);
      }
    }
    yield* this.#flushBelow(LANES.length);
  }

  /** An upsert with the attributes that it must clear, so that their bytes are counted. */
  #cleared(change: Change): Change {
    const { entity, kind } = change;
    if (kind === 'delete' || entity === 'memberships') return change;
    const frame = bodyFrame(entity, kind).join('').length;
    return this.#context.attributes(entity).cleared(change, this.#maxBytes - frame);
  }

  /** Empties the lanes that are sent before this one. */
  *#flushBelow(rank: number): Generator<Chunk<Batch>, void, undefined> {
    for (let lower = 0; lower < rank; lower++)
      while (!(this.#packers[lower] as RequestPacker).empty) yield withoutPlaces([this.#next(lower)]);
  }

  #next(rank: number): Batch {
    const { entity, kind } = LANES[rank] as Lane;
    return makeBatch(entity, kind, (this.#packers[rank] as RequestPacker).take());
  }

  #requireFitting(change: Change): void {
    // UTF-8 takes at most three bytes for a UTF-16 code unit: most items need no closer look.
    if ((change.item.length + change.group.length) * 3 + 200 <= this.#maxBytes) return;
    const { bytes } = makeBatch(change.entity, change.kind, [change]);
    if (bytes <= this.#maxBytes) return;
    const name = `${change.entity} ${displayKey(change.entity, change.key)}`;
    throw new RecordError(
      change.entity,
      `${name} takes ${bytes} bytes and can never fit in a request of ${this.#maxBytes}`,
    );
  }
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
