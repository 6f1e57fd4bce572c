import { LIMITS, type AttributeLimit } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import type { DeclaredAttribute } from '../../core/declared-mapping.js';
import type { FieldRules } from '../screen.js';

/** The instruction for one attribute of a profile; `assembly/record.ts` executes it. */
export interface ProfileOp {
  readonly column: string;
  /** The name of the attribute, as the canonical content contains it: after its length. */
  readonly head: string;
  readonly min: number;
  readonly max: number;
  readonly flags: number;
}

/** The instructions for all attributes, sorted by name. */
export type ProfileOps = readonly ProfileOp[];

const REQUIRED = 1;
const EMAIL = 2;
const NULLABLE = 4;
const EMPTY_IS_NULL = 8;
const EMPTY_IS_LEFT_OUT = 16;

/** The kernel's lengths are 32-bit numbers. */
const LONGEST = 0xffffffff;
const NO_LIMIT = { min: 0, max: LONGEST, nullable: true };

/** Rows that are longer are parsed and validated as usual, because they may not fit into a request. */
export const LONGEST_ROW = 16_384;
/** JSON needs at most six bytes for a character (`\u0000`). 200 bytes are for the frame of an item, as in `validate`. */
const MOST_CONTENT_BYTES = Math.floor((LIMITS.bytesPerRequest - 200) / 6);
/** Bytes around a value: its length in canonical content, or quotes, colon and comma in JSON. */
const VALUE_FRAME_BYTES = 6;

/** The instructions for a profile; undefined if its records would be rejected, or if the kernel cannot check the limits. */
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
    // `validate` accepts limits that the kernel cannot represent.
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
 * The longest row, in bytes, whose record certainly fits into a request, even if JSON escapes every character; 0 if none does.
 * A column that several attributes use counts several times.
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
