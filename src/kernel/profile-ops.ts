import type { Entity } from '../model.js';
import type { AttributeField } from '../record-fields.js';
import type { FieldRules } from '../row-screen.js';

/** What the kernel does for one attribute, see `assembly/record.ts`. */
export interface ProfileOp {
  readonly column: string;
  /** The attribute's name as canonical content has it. */
  readonly head: string;
  readonly min: number;
  readonly max: number;
  readonly flags: number;
}

/** The attributes in the order of their names. */
export type ProfileOps = readonly ProfileOp[];

const REQUIRED = 1;
const EMAIL = 2;
const NULLABLE = 4;
const EMPTY_IS_NULL = 8;
const EMPTY_IS_LEFT_OUT = 16;

const NO_LIMIT = { min: 0, max: 0xffffffff, nullable: true };

/** The operations for a profile; undefined when its records would be refused, or when it cannot be told from the fields. */
export function profileOps(
  entity: Entity,
  attributes: readonly AttributeField[],
  { limits, required }: FieldRules,
): ProfileOps | undefined {
  const names = attributes.map(({ name }) => name);
  const isOdd =
    names.length === 0 ||
    new Set(names).size !== names.length ||
    names.some((name) => name === '' || name === '__proto__' || /[\ud800-\udfff]/.test(name)) ||
    (entity === 'groups' && names.some((name) => !limits.has(name))) ||
    required.some((name) => !names.includes(name));
  if (isOdd) return undefined;
  return attributes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, column, empty, nullStays }) => {
      const { min, max, nullable } = limits.get(name) ?? NO_LIMIT;
      const flags =
        (required.includes(name) ? REQUIRED : 0) |
        (entity === 'users' && name === 'email' && limits.has(name) ? EMAIL : 0) |
        (nullable && nullStays ? NULLABLE : 0) |
        (empty === 'null' ? EMPTY_IS_NULL : 0) |
        (empty === 'omit' ? EMPTY_IS_LEFT_OUT : 0);
      return { column, head: `${name.length}:${name}`, min, max, flags };
    });
}
