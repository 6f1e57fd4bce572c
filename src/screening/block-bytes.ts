/** Bytes of a block of a file, and so of the longest row that can be screened. */
export const BLOCK_BYTES = 512 * 1024;
