import { KERNEL_BASE64 } from './module.js';

/** What is used of WebAssembly, which TypeScript describes with the DOM only. */
interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;

/** What the kernel exports; addresses are bytes from the start of its memory. See `src/kernel/assembly`. */
export interface KernelExports {
  setKey(low: bigint, high: bigint): void;
  sipHash(text: number, length: number, out: number): void;
  sipHashEach(text: number, ends: number, count: number, out: number): void;
  setTable(at: number, slots: number): void;
  find(fingerprint: number): number;
  findEach(fingerprints: number, count: number, out: number): void;
  addEach(fingerprints: number, count: number): number;
  setFields(at: number): void;
  programRaw(): void;
  programProfile(
    scratch: number,
    longest: number,
    entity: number,
    id: number,
    idLength: number,
    ops: number,
    count: number,
  ): void;
  programMembership(
    scratch: number,
    longest: number,
    group: number,
    groupLength: number,
    member: number,
    memberLength: number,
    removed: number,
    removedBits: number,
  ): void;
  markRemoved(text: number, length: number, side: number): void;
  setNames(at: number, count: number): void;
  settleCsv(
    text: number,
    length: number,
    last: number,
    delimiter: number,
    columns: number,
    line: number,
    out: number,
    most: number,
  ): void;
  settleJsonLines(
    text: number,
    length: number,
    last: number,
    raw: number,
    line: number,
    out: number,
    most: number,
  ): void;
  rowCount(): number;
  rowsConsumed(): number;
  rowsStopped(): number;
  nextLine(): number;
}

const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536;
/** The kernel reads and writes up to sixteen bytes beyond what it is given. */
const SLACK_BYTES = 32;

let compiled: object | undefined;

/** The compiled kernel: made once, when it is first needed. */
function kernelModule(): object {
  return (compiled ??= new wasm.Module(Buffer.from(KERNEL_BASE64, 'base64')));
}

/**
 * Memory that kernels work in. It is shared, so that other threads may work in it too; places are given out one behind
 * the other and are never taken back.
 */
export class KernelMemory {
  readonly memory: WasmMemory;
  /** Address 0 is left out: it means "none". */
  #end = SLACK_BYTES;

  /** @param bytes - that will be needed as far as it is known; more can be had */
  constructor(bytes = PAGE_BYTES) {
    const initial = Math.ceil((bytes + 2 * SLACK_BYTES) / PAGE_BYTES);
    this.memory = new wasm.Memory({ initial, maximum: MOST_PAGES, shared: true });
  }

  /** The address of so many bytes of zeros, with room behind them. */
  allocate(bytes: number): number {
    const at = this.#end;
    // Not by bits, which are 32 with a sign: a memory may have four gigabytes.
    this.#end = Math.ceil((at + bytes + SLACK_BYTES) / 16) * 16;
    const missing = this.#end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  }

  bytes(at: number, length: number): Buffer {
    return Buffer.from(this.memory.buffer, at, length);
  }

  words(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at, length);
  }
}

/** A kernel over a memory, keyed with 32 hexadecimal characters. */
export function createKernel(memory: KernelMemory, key: string): KernelExports {
  const instance = new wasm.Instance(kernelModule(), { env: { memory: memory.memory } });
  const kernel = instance.exports as KernelExports;
  const bytes = Buffer.from(key, 'hex');
  kernel.setKey(bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8));
  return kernel;
}
