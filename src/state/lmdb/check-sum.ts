const POLYNOMIAL = 0xedb88320;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ POLYNOMIAL;
  return sum;
});

/**
 * The CRC-32 of a key and of a value from `start` on. Rows have about 80 bytes. For these, two calls of `crc32` from
 * `node:zlib` take three times as long as this loop.
 */
export function checkSum(key: Uint8Array, value: Uint8Array, start: number): number {
  let sum = 0xffffffff;
  for (let i = 0; i < key.length; i++)
    sum = (TABLE[(sum ^ (key[i] as number)) & 0xff] as number) ^ (sum >>> 8);
  for (let i = start; i < value.length; i++)
    sum = (TABLE[(sum ^ (value[i] as number)) & 0xff] as number) ^ (sum >>> 8);
  return ~sum >>> 0;
}
