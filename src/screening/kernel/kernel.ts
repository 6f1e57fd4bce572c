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

/** What the kernel exports; addresses are bytes from the start of its memory. See `src/screening/kernel/assembly`. */
export interface KernelExports {
  readonly setKey: (low: bigint, high: bigint) => void;
  readonly sipHash: (text: number, length: number, out: number) => void;
  readonly sipHashEach: (text: number, ends: number, count: number, out: number) => void;
  readonly setTable: (at: number, slots: number) => void;
  readonly find: (fingerprint: number) => number;
  readonly findEach: (fingerprints: number, count: number, out: number) => void;
  readonly addEach: (fingerprints: number, count: number) => number;
  readonly setFields: (at: number) => void;
  readonly programRaw: () => void;
  readonly programProfile: (
    scratch: number,
    longest: number,
    entity: number,
    id: number,
    idLength: number,
    ops: number,
    count: number,
  ) => void;
  readonly programMembership: (
    scratch: number,
    longest: number,
    group: number,
    groupLength: number,
    member: number,
    memberLength: number,
    removed: number,
    removedBits: number,
  ) => void;
  readonly markRemoved: (text: number, length: number, side: number) => void;
  readonly setNames: (at: number, count: number) => void;
  readonly lastRowEnd: (text: number, length: number) => number;
  readonly settleCsv: (
    text: number,
    length: number,
    last: number,
    delimiter: number,
    columns: number,
    line: number,
    out: number,
    most: number,
  ) => void;
  readonly settleCells: (text: number, length: number, columns: number, out: number, most: number) => void;
  readonly settleJsonLines: (
    text: number,
    length: number,
    last: number,
    raw: number,
    line: number,
    out: number,
    most: number,
  ) => void;
  readonly rowCount: () => number;
  readonly rowsConsumed: () => number;
  readonly rowsStopped: () => number;
  readonly nextLine: () => number;
}

const PAGE_BYTES = 65_536;
const MOST_PAGES = 65_536;
/** The kernel reads and writes up to sixteen bytes beyond what it is given. */
const SLACK_BYTES = 32;

let compiled: object | undefined;

/** The compiled kernel: made once, when it is first needed. */
export function kernelModule(): object {
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
  kernel.setKey(...keyWords(key));
  return kernel;
}

/** A key of 32 hexadecimal characters as the two words that the kernel takes. */
export function keyWords(key: string): [low: bigint, high: bigint] {
  const bytes = Buffer.from(key, 'hex');
  return [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
}
