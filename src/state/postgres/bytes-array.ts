/** The number of the type `bytea`. */
const BYTEA = 17;
const HEADER_BYTES = 20;

/**
 * The values of a parameter of type `bytea[]`, in PostgreSQL's binary format. `pg` would encode each value as text in hexadecimal, which
 * takes twice the bytes and several times as long; it sends a `Buffer` as it is.
 *
 * @param values - undefined stands for NULL
 */
export function bytesArray(values: readonly (Uint8Array | undefined)[]): Buffer {
  const size = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), HEADER_BYTES);
  const array = Buffer.allocUnsafe(size);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(values.includes(undefined) ? 1 : 0, 4);
  array.writeInt32BE(BYTEA, 8);
  array.writeInt32BE(values.length, 12);
  array.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = array.writeInt32BE(value?.length ?? -1, at);
    if (value === undefined) continue;
    array.set(value, at);
    at += value.length;
  }
  return array;
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
