/** An attribute and the column that it is taken from. */
export interface AttributeField {
  readonly name: string;
  readonly column: string;
  /** What an empty cell becomes: the empty text that it is, null, or no attribute at all. */
  readonly empty: 'keep' | 'null' | 'omit';
  /** Whether null stays null. */
  readonly nullStays: boolean;
}

/** What a row is made into, as columns: what a function does, said so that it can be done without it. */
export type RecordFields =
  | {
      readonly kind: 'profile';
      readonly externalId: string;
      readonly attributes: readonly AttributeField[];
    }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

/**
 * Says the fields of a record, or undefined when they cannot be told.
 * @param columns - the columns that every row has, where they are known
 */
export type FieldsOf = (columns: readonly string[] | undefined) => RecordFields | undefined;

const FIELDS = Symbol('fields');

/** Says of a function from rows to records what it does. It must do exactly that. */
export function withFields<F extends (...args: never[]) => unknown>(fn: F, fields: FieldsOf): F {
  return Object.defineProperty(fn, FIELDS, { value: fields });
}

/** What a function from rows to records does, where it is known. */
export function fieldsOf(fn: unknown): FieldsOf | undefined {
  return (fn as { [FIELDS]?: FieldsOf })[FIELDS];
}
