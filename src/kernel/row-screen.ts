import type { Entity } from '../model.js';
import { LIMITS } from '../limits.js';
import type { RowScreen, RowShape, ScreenedRows, SettledTable } from '../row-screen.js';
import { createKernel, KernelMemory, type KernelExports } from './kernel.js';
import { LONGEST_ROW, longestRow, profileOps, type ProfileOps } from './profile-ops.js';

/** Room for a block of a file and the row that goes on behind it. */
const INPUT_BYTES = 512 * 1024;
/** A row takes a byte and its line feed at least; blocks of shorter rows are screened in parts. */
const MOST_ROWS = 16_384;
const ROW_BYTES = 32;
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
  /** The fingerprints that are known; without them no row is. */
  readonly table: SettledTable | undefined;
  /** Rows are compared as they stand. */
  readonly raw: { readonly salt: string } | undefined;
  /** Memberships of these are not settled. */
  readonly removed?:
    { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;
}

/** Makes a screen for rows of a shape; undefined when what they are made into cannot be told from their bytes. */
export function createRowScreen(options: ScreenOptions, shape: RowShape): RowScreen | undefined {
  const plan = planOf(options, shape);
  return plan === undefined ? undefined : new KernelScreen(options, shape, plan);
}

type Plan =
  | { readonly kind: 'raw' }
  | { readonly kind: 'profile'; readonly id: string; readonly ops: ProfileOps }
  | { readonly kind: 'membership'; readonly group: string; readonly member: string };

function planOf(
  { entity, raw }: ScreenOptions,
  { fields, rules, columns, format }: RowShape,
): Plan | undefined {
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

class KernelScreen implements RowScreen {
  readonly input: Buffer;
  readonly #kernel: KernelExports;
  readonly #memory: KernelMemory;
  readonly #inputAt: number;
  readonly #outAt: number;
  readonly #rows: KernelRows;
  readonly #shape: RowShape;
  readonly #isRaw: boolean;
  /** Names of the fields, by their index. */
  readonly #names: readonly string[];

  constructor(options: ScreenOptions, shape: RowShape, plan: Plan) {
    const { table, raw, key } = options;
    this.#memory = table?.memory ?? new KernelMemory(INPUT_BYTES + MOST_ROWS * ROW_BYTES);
    this.#kernel = createKernel(this.#memory, raw === undefined ? key : saltedKey(key, raw.salt, shape));
    this.#kernel.setTable(table?.at ?? 0, table?.slots ?? 0);
    this.#shape = shape;
    this.#isRaw = plan.kind === 'raw';
    this.#names = fieldNames(shape, plan);
    this.#kernel.setFields(
      this.#memory.allocate(Math.max(this.#names.length, shape.columns.length) * FIELD_BYTES),
    );
    this.#setNames();
    this.#setProgram(options, plan);
    this.#inputAt = this.#memory.allocate(INPUT_BYTES);
    this.#outAt = this.#memory.allocate(MOST_ROWS * ROW_BYTES);
    this.input = this.#memory.bytes(this.#inputAt, INPUT_BYTES);
    this.#rows = new KernelRows(this.#memory, this.#outAt, table);
  }

  screen(length: number, last: boolean, firstLine: number): ScreenedRows {
    const kernel = this.#kernel;
    const { format, delimiter, columns } = this.#shape;
    const ends = last ? 1 : 0;
    if (format === 'csv') {
      kernel.settleCsv(
        this.#inputAt,
        length,
        ends,
        delimiter.charCodeAt(0),
        columns.length,
        firstLine,
        this.#outAt,
        MOST_ROWS,
      );
    } else {
      kernel.settleJsonLines(
        this.#inputAt,
        length,
        ends,
        this.#isRaw ? 1 : 0,
        firstLine,
        this.#outAt,
        MOST_ROWS,
      );
    }
    this.#rows.count = kernel.rowCount();
    this.#rows.consumed = kernel.rowsConsumed();
    this.#rows.stopped = kernel.rowsStopped() !== 0;
    this.#rows.nextLine = kernel.nextLine();
    return this.#rows;
  }

  #setProgram({ entity, removed }: ScreenOptions, plan: Plan): void {
    const kernel = this.#kernel;
    if (plan.kind === 'raw') {
      kernel.programRaw();
      return;
    }
    const scratch = this.#memory.allocate(SCRATCH_BYTES);
    const field = (name: string) => this.#names.indexOf(name);
    if (plan.kind === 'membership') {
      const none = removed === undefined || (removed.users.size === 0 && removed.groups.size === 0);
      const bits = none ? 0 : REMOVED_BITS;
      kernel.programMembership(
        scratch,
        LONGEST_ROW,
        field(plan.group),
        LIMITS.groupExternalIdLength,
        field(plan.member),
        LIMITS.memberExternalIdLength,
        this.#memory.allocate(bits / 4),
        bits,
      );
      if (!none) this.#markRemoved(scratch, removed);
      return;
    }
    const { ops } = plan;
    const words = this.#memory.words(this.#memory.allocate(ops.length * OP_WORDS * 4), ops.length * OP_WORDS);
    for (const [i, { column, head, min, max, flags }] of ops.entries())
      words.set([field(column), this.#put(head), Buffer.byteLength(head), min, max, flags], i * OP_WORDS);
    kernel.programProfile(
      scratch,
      longestRow(plan.id, ops),
      (entity === 'users' ? 'u' : 'g').charCodeAt(0),
      field(plan.id),
      entity === 'users' ? LIMITS.userExternalIdLength : LIMITS.groupExternalIdLength,
      words.byteOffset,
      ops.length,
    );
  }

  #markRemoved(
    scratch: number,
    removed: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> },
  ): void {
    const text = this.#memory.bytes(scratch, SCRATCH_BYTES);
    for (const [side, ids] of [removed.users, removed.groups].entries())
      for (const id of ids) this.#kernel.markRemoved(scratch, text.write(id), side);
  }

  /** JSON objects bring their names along; the kernel is told where to find each. */
  #setNames(): void {
    if (this.#shape.format !== 'json-lines') return;
    const words = this.#memory.words(this.#memory.allocate(this.#names.length * 8), this.#names.length * 2);
    for (const [i, name] of this.#names.entries())
      words.set([this.#put(name), Buffer.byteLength(name)], i * 2);
    this.#kernel.setNames(words.byteOffset, this.#names.length);
  }

  #put(text: string): number {
    const length = Buffer.byteLength(text);
    const at = this.#memory.allocate(length);
    this.#memory.bytes(at, length).write(text);
    return at;
  }
}

/** The fields of a row: the columns of CSV in their order, or the members of an object that are asked for. */
function fieldNames({ format, columns }: RowShape, plan: Plan): readonly string[] {
  // A column that is left out has no name that could be asked for.
  if (format === 'csv') return columns.map((name) => name ?? '');
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

const END_WORD = 5;
const SLOT_WORD = 4;
const LINE_WORD = 6;
const WORDS = ROW_BYTES / 4;

/** The rows that the kernel told last. */
class KernelRows implements ScreenedRows {
  count = 0;
  consumed = 0;
  stopped = false;
  nextLine = 1;
  readonly #words: Uint32Array;
  readonly #slots: Int32Array;
  readonly #bytes: Buffer;
  readonly #table: SettledTable | undefined;

  constructor(memory: KernelMemory, at: number, table: SettledTable | undefined) {
    this.#words = memory.words(at, MOST_ROWS * WORDS);
    this.#slots = new Int32Array(this.#words.buffer, at, MOST_ROWS * WORDS);
    this.#bytes = memory.bytes(at, MOST_ROWS * ROW_BYTES);
    this.#table = table;
  }

  isKnown(row: number): boolean {
    return (this.#slots[row * WORDS + SLOT_WORD] as number) >= 0;
  }

  settle(row: number): boolean {
    return this.#table !== undefined && this.#table.compare(this.#slots[row * WORDS + SLOT_WORD] as number);
  }

  start(row: number): number {
    return row === 0 ? 0 : this.end(row - 1);
  }

  end(row: number): number {
    return this.#words[row * WORDS + END_WORD] as number;
  }

  line(row: number): number {
    return this.#words[row * WORDS + LINE_WORD] as number;
  }

  print(row: number): string {
    return this.#bytes.toString('latin1', row * ROW_BYTES, row * ROW_BYTES + 16);
  }
}
