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

/** Whether there is WebAssembly at all: not with `--jitless`. */
export const hasWebAssembly = (wasm as Wasm | undefined) !== undefined;

/** What the kernel exports; addresses are bytes from the start of its memory. See `src/screening/kernel/assembly`. */
export interface KernelExports {
  readonly setKey: (low: bigint, high: bigint) => void;
  readonly sipHashEach: (texts: number, ends: number, count: number, out: number) => void;
  readonly setFields: (at: number) => void;
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
  readonly digestCsv: (
    text: number,
    length: number,
    last: number,
    delimiter: number,
    columns: number,
    out: number,
    most: number,
  ) => void;
  readonly digestJsonLines: (text: number, length: number, last: number, out: number, most: number) => void;
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

/** Memory that kernels work in. It is shared, so that other threads may work in it too. */
export class KernelMemory {
  readonly memory: WasmMemory;
  /** Address 0 is left out: it means "none". */
  #end = SLACK_BYTES;

  /** @param bytes - that will be needed as far as it is known; more can be had */
  constructor(bytes = PAGE_BYTES) {
    const initial = Math.ceil((bytes + 2 * SLACK_BYTES) / PAGE_BYTES);
    this.memory = new wasm.Memory({ initial, maximum: MOST_PAGES, shared: true });
  }

  /** The end of what is in use, for {@link reset}. */
  get end(): number {
    return this.#end;
  }

  /** Takes back, and fills with zeros, all that was allocated behind an address. */
  reset(end: number): void {
    this.bytes(end, this.#end - end).fill(0);
    this.#end = end;
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

/** A kernel over a memory. */
export function createKernel(memory: KernelMemory): KernelExports {
  const instance = new wasm.Instance(kernelModule(), { env: { memory: memory.memory } });
  return instance.exports as KernelExports;
}

/** A key of 32 hexadecimal characters as the two words that the kernel takes. */
export function keyWords(key: string): [low: bigint, high: bigint] {
  const bytes = Buffer.from(key, 'hex');
  return [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
}
