import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.js';
import { roomsAskedFor } from './rooms.mjs';

/** These take seconds, and notice little that the others do not. */
const LAST = [
  /test\/sync/,
  /metrics/,
  /absence-and-delta/,
  /some-seeds/,
  /upload\/upload/,
  /lmdb\/lmdb/,
  /properties\/packing/,
  /lmdb\/overlay/,
  /lmdb\/faults/,
  /properties\/convergence/,
];

/** A mutant is done with the first test that fails, so the quick ones come first. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => LAST.findIndex((name) => name.test(moduleId));
    return [...files].sort((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  ...base,
  test: {
    // A run with fewer tests is faster, and its score can only be lower.
    include: process.env['TESTS']?.split(',') ?? [...new Set(roomsAskedFor().flatMap(({ tests }) => tests))],
    setupFiles: ['test/mutation/setup.ts'],
    env: { ROLLCALL_PROPERTY_SHARE: '0.1' },
    testTimeout: 60_000,
    // One thread for all files: most of a mutant's time would go into importing them anew.
    isolate: false,
    sequence: { sequencer: QuickFirst },
  },
});
