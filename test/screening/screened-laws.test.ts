import { describe } from 'vitest';
import { screenedCsvContract } from '../contracts/screened-csv.js';
import { screenedObjectsContract } from '../contracts/screened-objects.js';
import { screenedRecordsContract } from '../contracts/screened-records.js';
import { screenedJsonLinesContract } from '../contracts/screened-json-lines.js';

describe('rows that are settled by their bytes', () => {
  screenedCsvContract();
  screenedJsonLinesContract();
});

describe('rows that are settled by a thread', () => {
  screenedCsvContract({ share: 0.1, threads: 1 });
  screenedJsonLinesContract({ share: 0.1, threads: 2 });
});

describe('objects that are settled by their cells', screenedObjectsContract);

describe('records that are settled by their values', screenedRecordsContract);
