import { describe } from 'vitest';
import { screenedCsvContract } from '../contracts/screened-csv.js';
import { screenedJsonLinesContract } from '../contracts/screened-json-lines.js';

describe('rows that are screened', () => {
  screenedCsvContract();
  screenedJsonLinesContract();
});

describe('rows that are screened by threads', () => {
  screenedCsvContract({ share: 0.1, threads: 1 });
  screenedJsonLinesContract({ share: 0.1, threads: 2 });
});
