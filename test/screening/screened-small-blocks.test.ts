import { describe, vi } from 'vitest';
import { screenedCsvContract } from '../contracts/screened-csv.js';
import { screenedJsonLinesContract } from '../contracts/screened-json-lines.js';

// Blocks of a few rows, so that every file has some, and many a row is longer than one.
vi.mock('../../src/screening/block-bytes.js', () => ({ BLOCK_BYTES: 160 }));

describe('rows that are screened in small blocks', () => {
  screenedCsvContract();
  screenedJsonLinesContract();
});

describe('rows that are screened in small blocks by threads', () => {
  screenedCsvContract({ share: 0.1, threads: 2 });
  screenedJsonLinesContract({ share: 0.1, threads: 1 });
});
