/** An attribute and its column. */
export interface DeclaredAttribute {
  readonly name: string;
  readonly column: string;
  /** For an empty cell: `keep` means an empty text, `null` means null, `omit` means no attribute. */
  readonly empty: 'keep' | 'null' | 'omit';
  /** True if null stays null. */
  readonly nullStays: boolean;
}

/** The columns from which a record is made. With it, the digest of a record can be made from the bytes of a row. */
export type DeclaredMapping =
  | {
      readonly kind: 'profile';
      readonly externalId: string;
      readonly attributes: readonly DeclaredAttribute[];
    }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

/**
 * Returns the mapping; undefined if it cannot be declared.
 * @param columns - the columns that every row has; undefined if they are not known
 */
export type MappingOf = (columns: readonly string[] | undefined) => DeclaredMapping | undefined;

const MAPPINGS = new WeakMap<object, MappingOf>();

/**
 * Declares the mapping of a function from rows to records. The function must return exactly the records of the mapping. A function
 * that calls this one has no declared mapping, so all its rows are parsed, which takes longer.
 */
export function withMapping<F extends (...args: never[]) => unknown>(fn: F, mapping: MappingOf): F {
  MAPPINGS.set(fn, mapping);
  return fn;
}

/** The declared mapping of a function from rows to records; undefined if it has none. */
export function mappingOf(fn: object): MappingOf | undefined {
  return MAPPINGS.get(fn);
}
