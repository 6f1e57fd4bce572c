import { splitMembershipKey, type Entity } from '../core/model.js';
import { refuseUnknown, requireFunction, requireNumber } from '../core/check-options.js';

/** Decides when an entity that is missing from the source is deleted, and which entities are never deleted. */
export interface AbsenceOptions {
  /**
   * An entity is deleted only after it was missing from this many complete reads in a row. Only runs that reached their
   * end count, and only if they are apart; see {@link minAgeMs}.
   * @defaultValue `1`
   */
  readonly reads?: number;
  /**
   * A read counts only if the last one that counted is at least this many milliseconds old: several runs over one export are
   * one read. A read of the same content as the last one that counted counts only if that is almost a day (23 hours) old: an export
   * that is no longer written deletes nobody within a day, and a directory that rarely changes loses its leavers. With `0`, every
   * read counts.
   * @defaultValue `3_600_000`, one hour
   */
  readonly minAgeMs?: number;
  /**
   * Entities that are never deleted, by external id or by a prefix of it. A membership is protected by the id of its group
   * or of its member.
   */
  readonly protect?: { readonly ids?: readonly string[]; readonly prefixes?: readonly string[] };
  /**
   * Returns true for the external id of an entity that is out of scope; a membership is out of scope if its group or its
   * member is. Such entities are ignored in the source and in the baseline, so that excluding more of them deletes nobody.
   */
  readonly exclude?: (externalId: string) => boolean;
  /**
   * Deletes the entities in Okta that are out of scope.
   * @defaultValue `false`
   */
  readonly deleteExcluded?: boolean;
}

/** The least age of the last counted read, for a read of the same content. Less than a day: daily runs do not end at the same minute. */
const UNCHANGED_MS = 23 * 3_600_000;

/** The decision about an entity that is missing from the source. */
export type AbsenceVerdict = 'delete' | 'waiting' | 'protected' | 'excluded';

/** The names of {@link AbsenceOptions}. */
export const ABSENCE_OPTION_NAMES: readonly string[] = Object.freeze([
  'reads',
  'minAgeMs',
  'protect',
  'exclude',
  'deleteExcluded',
]);

/** The {@link AbsenceOptions} of one entity, checked. */
export class AbsenceRules {
  readonly reads: number;
  readonly #minAgeMs: number;
  readonly #entity: Entity;
  readonly #ids: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #exclude: ((externalId: string) => boolean) | undefined;
  readonly #deleteExcluded: boolean;

  constructor(entity: Entity, options: AbsenceOptions) {
    refuseUnknown('absence', options, ABSENCE_OPTION_NAMES);
    refuseUnknown('absence.protect', options.protect ?? {}, ['ids', 'prefixes']);
    this.#entity = entity;
    this.reads = requireNumber('absence.reads', options.reads ?? 1, { min: 1, max: 1000, integer: true });
    this.#minAgeMs = requireNumber('absence.minAgeMs', options.minAgeMs ?? 3_600_000, { min: 0 });
    this.#ids = new Set(options.protect?.ids);
    this.#prefixes = options.protect?.prefixes ?? [];
    this.#exclude =
      options.exclude === undefined ? undefined : requireFunction('absence.exclude', options.exclude);
    this.#deleteExcluded = options.deleteExcluded ?? false;
  }

  /** True if every missing entity is deleted at once, so that no rule needs to be checked. */
  get isPlain(): boolean {
    return this.reads === 1 && !this.reserves;
  }

  /**
   * True if a read counts that ends now.
   * @param last - when the last read ended that counted, or undefined
   * @param isUnchanged - true if it has the same content as that read
   */
  counts(now: number, last: number | undefined, isUnchanged: boolean): boolean {
    // If the clock was set back, the read counts.
    if (this.reads === 1 || last === undefined || now < last) return true;
    const least = isUnchanged && this.#minAgeMs > 0 ? UNCHANGED_MS : 0;
    return now - last >= Math.max(this.#minAgeMs, least);
  }

  get excludes(): boolean {
    return this.#exclude !== undefined;
  }

  /** True if some entities of the baseline can be out of reach; see {@link isUndeletable}. */
  get reserves(): boolean {
    return this.#ids.size > 0 || this.#prefixes.length > 0 || this.#exclude !== undefined;
  }

  /** True for an entity that is never deleted. */
  isUndeletable(key: string): boolean {
    return this.isProtected(key) || (this.isExcluded(key) && !this.#deleteExcluded);
  }

  isExcluded(key: string): boolean {
    const exclude = this.#exclude;
    return exclude !== undefined && this.#idsOf(key).some((id) => exclude(id));
  }

  isProtected(key: string): boolean {
    return this.#idsOf(key).some(
      (id) => this.#ids.has(id) || this.#prefixes.some((prefix) => id.startsWith(prefix)),
    );
  }

  /** @param missed - the number of complete reads in a row from which the entity was missing, including this one */
  verdict(key: string, missed: number): AbsenceVerdict {
    if (this.isProtected(key)) return 'protected';
    if (this.isExcluded(key)) return this.#deleteExcluded ? 'delete' : 'excluded';
    return missed < this.reads ? 'waiting' : 'delete';
  }

  #idsOf(key: string): readonly string[] {
    if (this.#entity !== 'memberships') return [key];
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    return [groupExternalId, memberExternalId];
  }
}
