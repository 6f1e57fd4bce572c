import { LIMITS } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import type { EntityReport } from '../../core/results.js';
import { isLeftOut } from '../../validate/left-out-record.js';
import { ConditionValues, type NearValue } from './condition-values.js';
import { MissingWords, type MissingWord } from './missing-words.js';

/** The most attributes of an entity that are remembered. */
const MOST_NAMES = 100;

/** What a command found in the rows of its sources, as `--json` writes it. Rows that are known to be unchanged are not seen. */
export interface Findings {
  /** The values of the columns that conditions compare with texts, the most frequent first; none for more than twenty. Only of `plan`. */
  readonly values?: readonly {
    readonly entity: Entity;
    readonly column: string;
    readonly values?: readonly { readonly value: string; readonly rows: number }[];
  }[];
  readonly nearValues: readonly NearValue[];
  /** The entities whose condition left out no row, and every row. */
  readonly noneLeftOut: readonly Entity[];
  readonly allLeftOut: readonly Entity[];
  /** Attributes that are not Okta's own. */
  readonly otherAttributes: readonly { readonly entity: Entity; readonly attribute: string }[];
  /** Words in place of values. */
  readonly missingWords: readonly MissingWord[];
}

/** What a command finds in the rows of its sources, for the person who reads its outcome. */
export class SourceFindings {
  /** The values that conditions met. */
  readonly values = new ConditionValues();
  /** Words in place of values. */
  readonly words = new MissingWords();
  /** The entities whose rows a condition selects. */
  readonly conditions = new Set<Entity>();
  readonly #attributes = new Map<Entity, Set<string>>();
  /** The rows that a condition was asked of, and those that it left out. */
  readonly #rows = new Map<Entity, { read: number; leftOut: number }>();

  /** Sees a user or group, and returns it. A placeholder for a row without a record has neither an id nor a profile. */
  add<R extends object>(entity: 'users' | 'groups', record: R): R {
    if (this.conditions.has(entity)) this.#count(entity, isLeftOut(record));
    const { profile } = record as { readonly profile?: unknown };
    if (typeof profile !== 'object' || profile === null) return record;
    const attributes = profile as Readonly<Record<string, unknown>>;
    this.words.add(entity, attributes);
    this.addAttributes(entity, Object.keys(attributes));
    return record;
  }

  /**
   * What was found, after the rows were read.
   *
   * @param sources - what was read of each entity; undefined for the rows that were seen here, if there is no report
   * @param withValues - whether to list the values of conditions
   */
  found(sources: Readonly<Partial<Record<Entity, EntityReport>>> | undefined, withValues: boolean): Findings {
    const leftOut = (isSo: (report: Pick<EntityReport, 'read' | 'leftOut'>) => boolean) =>
      [...this.conditions].filter((entity) => {
        const report = sources === undefined ? this.#rows.get(entity) : sources[entity];
        return report !== undefined && report.read > 0 && isSo(report);
      });
    const values = this.values.all().map(({ entity, column, values }) => ({
      entity,
      column,
      ...(values && { values: Array.from(values, ([value, rows]) => ({ value, rows })) }),
    }));
    return {
      ...(withValues && { values }),
      nearValues: this.values.near(),
      noneLeftOut: leftOut(({ leftOut }) => leftOut === 0),
      allLeftOut: leftOut(({ leftOut, read }) => leftOut === read),
      otherAttributes: [...this.#attributes].flatMap(([entity, names]) =>
        Array.from(names, (attribute) => ({ entity, attribute })),
      ),
      missingWords: this.words.all(),
    };
  }

  #count(entity: Entity, isOut: boolean): void {
    const counts = this.#rows.get(entity) ?? { read: 0, leftOut: 0 };
    this.#rows.set(entity, counts);
    counts.read++;
    if (isOut) counts.leftOut++;
  }

  /** Notes the attributes that are not Okta's own. */
  addAttributes(entity: 'users' | 'groups', names: Iterable<string>): void {
    const own = entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile;
    for (const name of names) {
      if (Object.hasOwn(own, name)) continue;
      const known = this.#attributes.get(entity) ?? new Set<string>();
      if (known.size < MOST_NAMES) this.#attributes.set(entity, known.add(name));
    }
  }
}
