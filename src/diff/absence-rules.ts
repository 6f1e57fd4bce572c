import { splitMembershipKey, type Entity } from '../core/model.js';
import { refuseUnknown, requireFunction, requireNumber } from '../core/check-options.js';

/** When an entity that is missing from the source is deleted, and which never are. */
export interface AbsenceOptions {
  /**
   * An entity is deleted once it was missing from this many complete reads in a row, each by a run that reached its end.
   * @defaultValue `1`
   */
  readonly reads?: number;
  /** Entities that are never deleted, by external id or by how it begins; a membership by its group's or its member's. */
  readonly protect?: { readonly ids?: readonly string[]; readonly prefixes?: readonly string[] };
  /**
   * Entities that are out of scope, by external id (a membership when its group or its member is): left out of the source
   * and of the baseline alike, so that widening it deletes nobody.
   */
  readonly exclude?: (externalId: string) => boolean;
  /**
   * Deletes what is out of scope and Okta holds.
   * @defaultValue `false`
   */
  readonly deleteExcluded?: boolean;
}

/** What becomes of an entity that is missing from the source. */
export type AbsenceVerdict = 'delete' | 'waiting' | 'protected' | 'excluded';

/** {@link AbsenceOptions} of one entity, as questions. */
export class AbsenceRules {
  readonly reads: number;
  readonly #entity: Entity;
  readonly #ids: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #exclude: ((externalId: string) => boolean) | undefined;
  readonly #deleteExcluded: boolean;

  constructor(entity: Entity, options: AbsenceOptions) {
    refuseUnknown('absence', options, ['reads', 'protect', 'exclude', 'deleteExcluded']);
    refuseUnknown('absence.protect', options.protect ?? {}, ['ids', 'prefixes']);
    this.#entity = entity;
    this.reads = requireNumber('absence.reads', options.reads ?? 1, { min: 1, max: 1000, integer: true });
    this.#ids = new Set(options.protect?.ids);
    this.#prefixes = options.protect?.prefixes ?? [];
    this.#exclude =
      options.exclude === undefined ? undefined : requireFunction('absence.exclude', options.exclude);
    this.#deleteExcluded = options.deleteExcluded ?? false;
  }

  /** True when removals need no thought: all of them are deletions. */
  get isPlain(): boolean {
    return (
      this.reads === 1 && this.#ids.size === 0 && this.#prefixes.length === 0 && this.#exclude === undefined
    );
  }

  get excludes(): boolean {
    return this.#exclude !== undefined;
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

  /** @param missed - complete reads in a row that missed it, this one included */
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
