/** The number of the type `bytea`. */
const BYTEA = 17;
const HEADER_BYTES = 20;
/** The length of a value, before it. */
const LENGTH_BYTES = 4;
/** The most bytes that UTF-8 needs for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;

/**
 * The values of a parameter of type `bytea[]`, in PostgreSQL's binary format. `pg` would encode each value as text in hexadecimal, which
 * takes twice the bytes and several times as long; it sends a `Buffer` as it is.
 *
 * @param values - undefined stands for NULL
 */
export function bytesArray(values: readonly (Uint8Array | undefined)[]): Buffer {
  const size = values.reduce((sum, value) => sum + LENGTH_BYTES + (value?.length ?? 0), HEADER_BYTES);
  const array = Buffer.allocUnsafe(size);
  writeHeader(array, values.length, values.includes(undefined));
  let at = HEADER_BYTES;
  for (const value of values) {
    at = array.writeInt32BE(value?.length ?? -1, at);
    if (value === undefined) continue;
    array.set(value, at);
    at += value.length;
  }
  return array;
}

/** Makes values of a parameter of type `bytea[]` one after another, for arrays of thousands of short values. */
export class BytesArrayWriter {
  /** The number of values. */
  count = 0;
  #array: Buffer;
  #end = HEADER_BYTES;

  /** @param capacity - bytes for which there is room at first */
  constructor(capacity: number) {
    this.#array = Buffer.allocUnsafe(capacity);
  }

  add(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#array.writeInt32BE(value.length, this.#end);
    this.#array.set(value, this.#end + LENGTH_BYTES);
    this.#added(value.length);
  }

  /** Adds a byte and a text in UTF-8 as one value. */
  addText(byte: number, text: string): void {
    this.#reserve(1 + text.length * BYTES_PER_UNIT);
    const array = this.#array;
    const start = this.#end + LENGTH_BYTES;
    array[start] = byte;
    const length = 1 + array.write(text, start + 1, 'utf8');
    array.writeInt32BE(length, this.#end);
    this.#added(length);
  }

  /** The values so far, until {@link clear}. No more may be added before it. */
  end(): Buffer {
    writeHeader(this.#array, this.count, false);
    return this.#array.subarray(0, this.#end);
  }

  /** Begins anew, in the same memory. */
  clear(): void {
    this.count = 0;
    this.#end = HEADER_BYTES;
  }

  #added(length: number): void {
    this.#end += LENGTH_BYTES + length;
    this.count++;
  }

  #reserve(length: number): void {
    const needed = this.#end + LENGTH_BYTES + length;
    if (needed <= this.#array.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#array.length * 2));
    this.#array.copy(larger, 0, 0, this.#end);
    this.#array = larger;
  }
}

function writeHeader(array: Buffer, count: number, hasNull: boolean): void {
  array.writeInt32BE(1, 0);
  array.writeInt32BE(hasNull ? 1 : 0, 4);
  array.writeInt32BE(BYTEA, 8);
  array.writeInt32BE(count, 12);
  array.writeInt32BE(1, 16);
}

/** Values of a parameter of type `bytea[]` that are all of one length, one after the other. */
export function bytesArrayOf(bytes: Uint8Array, length: number): Buffer {
  const count = bytes.length / length;
  return bytesArray(Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length)));
}

/** A text whose characters have 8 bits each, such as a fingerprint, as bytes. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
