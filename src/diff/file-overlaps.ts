import { SourceError } from '../core/errors.js';
import type { Entity } from '../core/model.js';
import { createKeyHasher, type KeyHash } from '../fingerprints/key-hash.js';
import { hashOfDigest, PlaceTable, type Place } from './place-table.js';

/** Two files of one source, and the number of records of the later one whose keys are in the earlier one. */
interface Overlap {
  readonly earlier: string;
  readonly later: string;
  records: number;
}

/**
 * Finds files of one source that hold the same entities, such as an export and its older copy. Then it is not known which of two
 * records is valid, so the read fails.
 */
export class FileOverlaps {
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #into: KeyHash = { high: 0, low: 0 };
  /** By key; by digest for an unchanged row that a screen left out, whose key is not known. */
  readonly #places = new PlaceTable();
  readonly #records = new Map<string, number>();
  readonly #overlaps = new Map<string, Overlap>();

  constructor(fingerprintKey: string) {
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /** Adds a record that is no duplicate. */
  add(key: string, place: Place): void {
    this.#hash(key, this.#into);
    this.#places.add(this.#into, place);
    this.#count(place.file);
  }

  /** Adds an unchanged row that a screen left out, by the first two words of its digest. */
  addScreened(first: number, second: number, file: string | undefined, line: number): void {
    this.#into.high = first;
    this.#into.low = (second | 1) >>> 0;
    this.#places.add(this.#into, { file, line, position: 0 });
    this.#count(file);
  }

  /**
   * Adds a duplicate. Returns the place of the first record with its key, if that is known.
   * @param digest - the digest in the baseline of the record with this key, if it is confirmed
   */
  addDuplicate(key: string, digest: string | undefined, place: Place): Place | undefined {
    this.#count(place.file);
    this.#hash(key, this.#into);
    const first =
      this.#places.get(this.#into) ??
      (digest === undefined ? undefined : this.#places.get(hashOfDigest(digest)));
    if (first?.file !== undefined && place.file !== undefined && first.file !== place.file)
      this.#overlap(first.file, place.file).records++;
    return first;
  }

  /** @throws {@link SourceError} if two files have most records of the smaller one in common */
  check(entity: Entity): void {
    for (const { earlier, later, records } of this.#overlaps.values()) {
      const [before, after] = [this.#records.get(earlier) ?? 0, this.#records.get(later) ?? 0];
      if (records * 2 <= Math.min(before, after)) continue;
      throw new SourceError(
        `${records} of its ${after} ${entity} are also among the ${before} of ${earlier}: both files hold the same ${entity}; is one an older export?`,
        { file: later },
      );
    }
  }

  #count(file: string | undefined): void {
    if (file !== undefined) this.#records.set(file, (this.#records.get(file) ?? 0) + 1);
  }

  #overlap(earlier: string, later: string): Overlap {
    const id = JSON.stringify([earlier, later]);
    let overlap = this.#overlaps.get(id);
    if (overlap === undefined) this.#overlaps.set(id, (overlap = { earlier, later, records: 0 }));
    return overlap;
  }
}
