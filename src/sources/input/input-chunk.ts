/** A piece of an input: bytes, or decoded text. */
export type InputChunk = Uint8Array | string;
