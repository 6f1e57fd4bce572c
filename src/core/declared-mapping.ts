/** An attribute and the column that it is taken from. */
export interface DeclaredAttribute {
  readonly name: string;
  readonly column: string;
  /** What an empty cell becomes: the empty text that it is, null, or no attribute at all. */
  readonly empty: 'keep' | 'null' | 'omit';
  /** Whether null stays null. */
  readonly nullStays: boolean;
}

/** How a row becomes a record, declared as columns: with it a record's digest can be made from the bytes of a row. */
export type DeclaredMapping =
  | {
      readonly kind: 'profile';
      readonly externalId: string;
      readonly attributes: readonly DeclaredAttribute[];
    }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

/**
 * Answers the mapping, or undefined when it cannot be declared.
 * @param columns - the columns that every row has, where they are known
 */
export type MappingOf = (columns: readonly string[] | undefined) => DeclaredMapping | undefined;

const MAPPINGS = new WeakMap<object, MappingOf>();

/**
 * Declares the mapping of a function from rows to records. It must do exactly that. A function around this one has no declared
 * mapping: its rows are all parsed, which takes longer and comes to the same.
 */
export function withMapping<F extends (...args: never[]) => unknown>(fn: F, mapping: MappingOf): F {
  MAPPINGS.set(fn, mapping);
  return fn;
}

/** The mapping of a function from rows to records, where one is declared. */
export function mappingOf(fn: object): MappingOf | undefined {
  return MAPPINGS.get(fn);
}
