import { KERNEL_BASE64 } from './module.js';

/** The part of WebAssembly that is used. TypeScript declares WebAssembly only together with the DOM. */
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

/** False if there is no WebAssembly (`node --jitless`). */
export const hasWebAssembly = (wasm as Wasm | undefined) !== undefined;

/** The exports of the kernel (`assembly`). Addresses are bytes from the start of its memory. */
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
    changed: number,
    changedBits: number,
  ) => void;
  readonly markChanged: (text: number, length: number, side: number) => void;
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
/** Free bytes after each allocation, because the kernel reads and writes up to sixteen bytes beyond its arguments. */
const SLACK_BYTES = 32;

let compiled: object | undefined;

/** The compiled kernel. It is compiled with the first call. */
export function kernelModule(): object {
  return (compiled ??= new wasm.Module(Buffer.from(KERNEL_BASE64, 'base64')));
}

/** The memory of one or several kernels. It is shared, so that kernels in other threads can use it. */
export class KernelMemory {
  readonly memory: WasmMemory;
  /** The first free address. Address 0 is never allocated, because it means "none". */
  #end = SLACK_BYTES;

  /** @param bytes - the initial size; the memory grows if it is not enough */
  constructor(bytes = PAGE_BYTES) {
    const initial = Math.ceil((bytes + 2 * SLACK_BYTES) / PAGE_BYTES);
    this.memory = new wasm.Memory({ initial, maximum: MOST_PAGES, shared: true });
  }

  /** The end of all allocations, for {@link reset}. */
  get end(): number {
    return this.#end;
  }

  /** Frees all allocations after an address, and fills them with zeros. */
  reset(end: number): void {
    this.bytes(end, this.#end - end).fill(0);
    this.#end = end;
  }

  /** Allocates bytes that are zero, followed by {@link SLACK_BYTES}. Returns their address. */
  allocate(bytes: number): number {
    const at = this.#end;
    // No bit operators: they work with signed 32-bit numbers, and an address may be up to 2^32.
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

/** Creates a kernel that uses a memory. */
export function createKernel(memory: KernelMemory): KernelExports {
  const instance = new wasm.Instance(kernelModule(), { env: { memory: memory.memory } });
  return instance.exports as KernelExports;
}

/** The two arguments of `setKey` for a key of 32 hexadecimal characters. */
export function keyWords(key: string): [low: bigint, high: bigint] {
  const bytes = Buffer.from(key, 'hex');
  return [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
}
