/** The size of a block of a file in bytes. A row that is longer cannot be screened. */
export const BLOCK_BYTES = 512 * 1024;
