import { LIMITS, type AttributeLimit } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import type { DeclaredAttribute } from '../../core/declared-mapping.js';
import type { FieldRules } from '../screen.js';

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

/** Lengths are 32-bit numbers to the kernel. */
const LONGEST = 0xffffffff;
const NO_LIMIT = { min: 0, max: LONGEST, nullable: true };

/** Longer rows are parsed and validated as usual, which measures whether they fit a request. */
export const LONGEST_ROW = 16_384;
/** JSON takes six bytes for a character at most; besides there is the frame of an item, as `validate` reckons it. */
const MOST_CONTENT_BYTES = Math.floor((LIMITS.bytesPerRequest - 200) / 6);
/** The length before a value, or the quotes, colon and comma around it in JSON. */
const VALUE_FRAME_BYTES = 6;

/** The operations for a profile; undefined when its records would be rejected, or when the limits cannot be checked in a row's bytes. */
export function profileOps(
  entity: Entity,
  attributes: readonly DeclaredAttribute[],
  { limits, required }: FieldRules,
): ProfileOps | undefined {
  const names = attributes.map(({ name }) => name);
  const isOdd =
    names.length === 0 ||
    new Set(names).size !== names.length ||
    names.some((name) => name === '' || name === '__proto__' || /[\ud800-\udfff]/.test(name)) ||
    (entity === 'groups' && names.some((name) => !limits.has(name))) ||
    required.some((name) => !names.includes(name)) ||
    // Limits that are no lengths: `validate` may set any.
    names.some((name) => !isLength(limits.get(name) ?? NO_LIMIT));
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
      return {
        column,
        head: `${name.length}:${name}`,
        min: Math.max(0, Math.ceil(min)),
        max: Math.min(LONGEST, Math.floor(max)),
        flags,
      };
    });
}

/**
 * The longest row, in bytes, whose record is surely no longer than a request may be, in whatever way JSON writes its
 * characters; 0 when none is. One column may serve several attributes.
 */
export function longestRow(idColumn: string, ops: ProfileOps): number {
  const uses = new Map([[idColumn, 1]]);
  let room = MOST_CONTENT_BYTES;
  for (const { column, head } of ops) {
    uses.set(column, (uses.get(column) ?? 0) + 1);
    room -= Buffer.byteLength(head) + VALUE_FRAME_BYTES;
  }
  return Math.max(0, Math.min(LONGEST_ROW, Math.floor(room / Math.max(...uses.values()))));
}

function isLength({ min, max }: Pick<AttributeLimit, 'min' | 'max'>): boolean {
  return min <= LONGEST && max >= 0;
}
