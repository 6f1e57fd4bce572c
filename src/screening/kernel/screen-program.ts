import { LIMITS } from '../../core/limits.js';
import type { Entity } from '../../core/model.js';
import type { ChangedReferences, RowShape } from '../screen.js';
import { keyWords, type KernelExports, type KernelMemory } from './kernel.js';
import { LONGEST_ROW, longestRow, profileOps, type ProfileOps } from './profile-ops.js';

const FIELD_BYTES = 16;
const OP_WORDS = 6;
/** Room for the canonical content of the longest row that is screened, and for copying sixteen bytes at a time. */
const SCRATCH_BYTES = 64 * 1024;
/** The number of bits, for users and for groups each, that mark hashes of changed ids. */
const CHANGED_BITS = 1 << 20;

/** The records for which a program is made. */
export interface ProgramOptions {
  readonly entity: Entity;
  /** 32 hexadecimal characters. */
  readonly key: string;
  /** Memberships of these users and groups are never reported as unchanged. */
  readonly changed?: ChangedReferences | undefined;
}

/** The calls that set up a kernel. */
export type KernelCalls = readonly (readonly [keyof KernelExports, ...(number | bigint)[]])[];

/** How the kernel makes records of rows. */
export type ScreenPlan =
  | { readonly kind: 'profile'; readonly id: string; readonly ops: ProfileOps }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

/**
 * Sets up kernels that share one memory and digest rows of one shape. Names and instructions are in the memory once; each
 * kernel has its own fields and scratch memory, so that several can work at the same time.
 */
export class ScreenProgram {
  readonly #memory: KernelMemory;
  readonly #options: ProgramOptions;
  readonly #plan: ScreenPlan;
  /** The names of the fields; the index of a name is the index of its field. */
  readonly #names: readonly string[];
  readonly #namesAt: number;
  readonly #opsAt: number;
  readonly #changedAt: number;

  /** @param kernel - a kernel of the same memory, which the constructor uses to mark changed ids */
  constructor(
    memory: KernelMemory,
    kernel: KernelExports,
    options: ProgramOptions,
    shape: RowShape,
    plan: ScreenPlan,
  ) {
    this.#memory = memory;
    this.#options = options;
    this.#plan = plan;
    this.#names = fieldNames(shape, plan);
    this.#namesAt = shape.format === 'json-lines' ? this.#putNames() : 0;
    this.#opsAt = plan.kind === 'profile' ? this.#putOps(plan.ops) : 0;
    this.#changedAt = plan.kind === 'membership' ? this.#putChanged(kernel) : 0;
  }

  /** Allocates memory for one more kernel, and returns the calls that set it up. */
  calls(): KernelCalls {
    const memory = this.#memory;
    return [
      ['setKey', ...keyWords(this.#options.key)],
      ['setFields', memory.allocate(this.#names.length * FIELD_BYTES)],
      ['setNames', this.#namesAt, this.#names.length],
      this.#program(memory.allocate(SCRATCH_BYTES)),
    ];
  }

  #program(scratch: number): KernelCalls[number] {
    const plan = this.#plan;
    const field = (name: string) => this.#names.indexOf(name);
    if (plan.kind === 'membership') {
      const group = [field(plan.group), LIMITS.groupExternalIdLength] as const;
      const member = [field(plan.member), LIMITS.memberExternalIdLength] as const;
      const changed = [this.#changedAt, this.#changedAt === 0 ? 0 : CHANGED_BITS] as const;
      return ['programMembership', scratch, LONGEST_ROW, ...group, ...member, ...changed];
    }
    const isUser = this.#options.entity === 'users';
    const letter = (isUser ? 'u' : 'g').charCodeAt(0);
    const idLength = isUser ? LIMITS.userExternalIdLength : LIMITS.groupExternalIdLength;
    const longest = longestRow(plan.id, plan.ops);
    const ops = [this.#opsAt, plan.ops.length] as const;
    return ['programProfile', scratch, longest, letter, field(plan.id), idLength, ...ops];
  }

  #putOps(ops: ProfileOps): number {
    const words = this.#memory.words(this.#memory.allocate(ops.length * OP_WORDS * 4), ops.length * OP_WORDS);
    for (const [i, { column, head, min, max, flags }] of ops.entries()) {
      const index = this.#names.indexOf(column);
      words.set([index, this.#put(head), Buffer.byteLength(head), min, max, flags], i * OP_WORDS);
    }
    return words.byteOffset;
  }

  /** Writes the bits for the ids that this run removes. Returns their address; 0 if there are none. */
  #putChanged(kernel: KernelExports): number {
    const { changed } = this.#options;
    if (changed === undefined || changed.users.size + changed.groups.size === 0) return 0;
    const at = this.#memory.allocate(CHANGED_BITS / 4);
    const scratch = this.#memory.allocate(SCRATCH_BYTES);
    const text = this.#memory.bytes(scratch, SCRATCH_BYTES);
    kernel.programMembership(scratch, LONGEST_ROW, 0, 0, 0, 0, at, CHANGED_BITS);
    for (const [side, ids] of [changed.users, changed.groups].entries())
      for (const id of ids) kernel.markChanged(scratch, text.write(id), side);
    return at;
  }

  /** Writes the names of the members that the kernel looks for in each JSON object. */
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

/** How the kernel makes records of rows of a shape; undefined if it cannot. */
export function planOf(
  { entity }: ProgramOptions,
  { mapping, rules, columns, format }: RowShape,
): ScreenPlan | undefined {
  if (mapping === undefined || rules === undefined) return undefined;
  const isThere = (column: string) => format === 'json-lines' || columns.includes(column);
  if (mapping.kind === 'membership') {
    const { group, member } = mapping;
    if (entity !== 'memberships' || !isThere(group) || !isThere(member)) return undefined;
    return { kind: 'membership', group, member };
  }
  if (entity === 'memberships' || !isThere(mapping.externalId)) return undefined;
  if (!mapping.attributes.every(({ column }) => isThere(column))) return undefined;
  const ops = profileOps(entity, mapping.attributes, rules);
  return ops && { kind: 'profile', id: mapping.externalId, ops };
}

/** The fields of a row: all columns of CSV in their order, or the members of a JSON object that the plan uses. */
function fieldNames({ format, columns }: RowShape, plan: ScreenPlan): readonly string[] {
  // No mapping uses a column without a name.
  if (format === 'csv') return columns.map((name) => name ?? '');
  const used =
    plan.kind === 'membership' ? [plan.group, plan.member] : [plan.id, ...plan.ops.map((op) => op.column)];
  return [...new Set(used)];
}
