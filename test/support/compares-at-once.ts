import type { Entity } from '../../src/core/model.js';
import {
  Seen,
  type DifferingRecord,
  type Reading,
  type SeenCode,
  type StateStore,
  type WholeComparison,
} from '../../src/state/store.js';

/** A whole comparison that compares one part after another when it ends. */
class PartByPart implements WholeComparison {
  readonly #parts: { readonly digests: Uint32Array; readonly keys: readonly string[] }[] = [];

  constructor(
    private readonly compare: Reading['compare'],
    private readonly entity: Entity,
    private readonly wrong: readonly DifferingRecord[],
  ) {}

  async add(digests: Uint32Array, keyAt: (place: number) => string): Promise<void> {
    const keys = Array.from({ length: digests.length / 4 }, (_, i) => keyAt(i));
    this.#parts.push({ digests: digests.slice(), keys });
  }

  async *end() {
    let start = 0;
    for (const { digests, keys } of this.#parts) {
      const codes = await this.compare(this.entity, digests, (i) => keys[i] as string);
      const differing = Array.from(codes, (code, i) => ({ place: start + i, code: code as SeenCode }));
      start += codes.length;
      yield differing.filter(({ code }) => code !== Seen.SAME);
    }
    yield this.wrong;
  }
}

/**
 * The same state, whose readings compare all records of an entity at once, as a database does.
 * @param wrong - records that they return besides, as a faulty store does
 */
export function comparesAtOnce(state: StateStore, wrong: readonly DifferingRecord[] = []): StateStore {
  const atOnce = (reading: Reading): Reading =>
    replacing(reading, {
      digests: () => undefined,
      compareAll: (entity) => new PartByPart((...asked) => reading.compare(...asked), entity, wrong),
    });
  return replacing(state, { read: async () => atOnce(await state.read()) });
}

function replacing<T extends object>(of: T, calls: Partial<T>): T {
  return new Proxy(of, {
    get(target, name) {
      const value: unknown = Reflect.get(name in calls ? calls : target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
