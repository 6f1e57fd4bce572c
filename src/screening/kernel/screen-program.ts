import { LIMITS } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import type { RemovedReferences, RowShape } from '../screen.js';
import { createKernel, KernelMemory, keyWords, type KernelExports } from './kernel.js';
import { LONGEST_ROW, longestRow, profileOps, type ProfileOps } from './profile-ops.js';
import type { SettledTable } from './settled-table.js';

const FIELD_BYTES = 16;
const OP_WORDS = 6;
/** Room for the canonical content of the longest row that is screened, and the sixteen bytes that are copied at once. */
const SCRATCH_BYTES = 64 * 1024;
/** One bit for each hash of a removed id, for users and for groups. */
const REMOVED_BITS = 1 << 20;

/** What a screen is made for. */
export interface ScreenOptions {
  readonly entity: Entity;
  /** 32 hexadecimal characters. */
  readonly key: string;
  /** Answers the fingerprints that are known; without them no row is. */
  readonly table: (() => SettledTable) | undefined;
  /** Rows are compared as they stand. */
  readonly raw: { readonly salt: string } | undefined;
  /** Memberships of these are not settled. */
  readonly removed?: RemovedReferences | undefined;
}

/** The same with the table at hand. */
type ProgramOptions = Omit<ScreenOptions, 'table'> & { readonly table: SettledTable | undefined };

/** What a kernel is told before it can screen: calls of its exports. */
export type KernelCalls = readonly (readonly [keyof KernelExports, ...(number | bigint)[]])[];

/** What rows are made into. */
export type ScreenPlan =
  | { readonly kind: 'raw' }
  | { readonly kind: 'profile'; readonly id: string; readonly ops: ProfileOps }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

/**
 * What kernels over one memory are told so that they screen rows of a shape. Names and operations are put into the memory
 * once; what a kernel writes to is its own, so that several can work at a time.
 */
export class ScreenProgram {
  readonly #memory: KernelMemory;
  readonly #options: ProgramOptions;
  readonly #plan: ScreenPlan;
  /** Names of the fields, by their index. */
  readonly #names: readonly string[];
  readonly #key: string;
  readonly #namesAt: number;
  readonly #opsAt: number;
  readonly #removedAt: number;

  constructor(memory: KernelMemory, options: ProgramOptions, shape: RowShape, plan: ScreenPlan) {
    this.#memory = memory;
    this.#options = options;
    this.#plan = plan;
    this.#names = fieldNames(shape, plan);
    this.#key = options.raw === undefined ? options.key : saltedKey(options.key, options.raw.salt, shape);
    this.#namesAt = shape.format === 'json-lines' ? this.#putNames() : 0;
    this.#opsAt = plan.kind === 'profile' ? this.#putOps(plan.ops) : 0;
    this.#removedAt = plan.kind === 'membership' ? this.#putRemoved() : 0;
  }

  /** The calls for one more kernel. */
  calls(): KernelCalls {
    const { table, entity } = this.#options;
    const memory = this.#memory;
    const field = (name: string) => this.#names.indexOf(name);
    const common: KernelCalls = [
      ['setKey', ...keyWords(this.#key)],
      ['setTable', table?.at ?? 0, table?.slots ?? 0],
      ['setFields', memory.allocate(this.#names.length * FIELD_BYTES)],
      ['setNames', this.#namesAt, this.#names.length],
    ];
    const plan = this.#plan;
    if (plan.kind === 'raw') return [...common, ['programRaw']];
    const scratch = memory.allocate(SCRATCH_BYTES);
    if (plan.kind === 'membership') {
      const ids = [field(plan.group), LIMITS.groupExternalIdLength, field(plan.member)] as const;
      const bits = this.#removedAt === 0 ? 0 : REMOVED_BITS;
      return [
        ...common,
        [
          'programMembership',
          scratch,
          LONGEST_ROW,
          ...ids,
          LIMITS.memberExternalIdLength,
          this.#removedAt,
          bits,
        ],
      ];
    }
    const isUser = entity === 'users';
    const idLength = isUser ? LIMITS.userExternalIdLength : LIMITS.groupExternalIdLength;
    const letter = (isUser ? 'u' : 'g').charCodeAt(0);
    return [
      ...common,
      [
        'programProfile',
        scratch,
        longestRow(plan.id, plan.ops),
        letter,
        field(plan.id),
        idLength,
        this.#opsAt,
        plan.ops.length,
      ],
    ];
  }

  #putOps(ops: ProfileOps): number {
    const words = this.#memory.words(this.#memory.allocate(ops.length * OP_WORDS * 4), ops.length * OP_WORDS);
    for (const [i, { column, head, min, max, flags }] of ops.entries()) {
      const index = this.#names.indexOf(column);
      words.set([index, this.#put(head), Buffer.byteLength(head), min, max, flags], i * OP_WORDS);
    }
    return words.byteOffset;
  }

  /** Bits for the ids that this run removes; 0 where there are none. */
  #putRemoved(): number {
    const { removed } = this.#options;
    if (removed === undefined || removed.users.size + removed.groups.size === 0) return 0;
    const at = this.#memory.allocate(REMOVED_BITS / 4);
    const scratch = this.#memory.allocate(SCRATCH_BYTES);
    const text = this.#memory.bytes(scratch, SCRATCH_BYTES);
    const kernel = createKernel(this.#memory, this.#key);
    kernel.programMembership(scratch, LONGEST_ROW, 0, 0, 0, 0, at, REMOVED_BITS);
    for (const [side, ids] of [removed.users, removed.groups].entries())
      for (const id of ids) kernel.markRemoved(scratch, text.write(id), side);
    return at;
  }

  /** JSON objects bring their names along; the kernel is told where to find each. */
  #putNames(): number {
    const count = this.#names.length;
    const words = this.#memory.words(this.#memory.allocate(count * 8), count * 2);
    for (const [i, name] of this.#names.entries())
      words.set([this.#put(name), Buffer.byteLength(name)], i * 2);
    return words.byteOffset;
  }

  #put(text: string): number {
    const length = Buffer.byteLength(text);
    const at = this.#memory.allocate(length);
    this.#memory.bytes(at, length).write(text);
    return at;
  }
}

/** What rows of a shape are made into; undefined when that cannot be told from their bytes. */
export function planOf(
  { entity, raw }: ScreenOptions,
  { fields, rules, columns, format }: RowShape,
): ScreenPlan | undefined {
  if (raw !== undefined) return { kind: 'raw' };
  if (fields === undefined || rules === undefined) return undefined;
  const isThere = (column: string) => format === 'json-lines' || columns.includes(column);
  if (fields.kind === 'membership') {
    const { group, member } = fields;
    if (entity !== 'memberships' || !isThere(group) || !isThere(member)) return undefined;
    return { kind: 'membership', group, member };
  }
  if (entity === 'memberships' || !isThere(fields.externalId)) return undefined;
  if (!fields.attributes.every(({ column }) => isThere(column))) return undefined;
  const ops = profileOps(entity, fields.attributes, rules);
  return ops && { kind: 'profile', id: fields.externalId, ops };
}

/** The fields of a row: the columns of CSV in their order, or the members of an object that are asked for. */
function fieldNames({ format, columns }: RowShape, plan: ScreenPlan): readonly string[] {
  // A column that is left out has no name that could be asked for.
  if (format !== 'json-lines') return columns.map((name) => name ?? '');
  if (plan.kind === 'raw') return [];
  const asked =
    plan.kind === 'membership' ? [plan.group, plan.member] : [plan.id, ...plan.ops.map((op) => op.column)];
  return [...new Set(asked)];
}

/** The key for raw rows: another for every mapping version and every header, so that none is taken for another's. */
function saltedKey(key: string, salt: string, { header, format }: RowShape): string {
  const memory = new KernelMemory();
  const text = Buffer.from(JSON.stringify(['raw', format, salt, header]));
  const at = memory.allocate(text.length);
  const out = memory.allocate(16);
  memory.bytes(at, text.length).set(text);
  createKernel(memory, key).sipHash(at, text.length, out);
  return memory.bytes(out, 16).toString('hex');
}
