import { defineConfig } from 'vitest/config';
import { projects } from './support/isolation.js';
import { LongestFirst } from './support/longest-first.js';
import { LEFT_OUT_FILES } from './suites.js';

/** `npm run test:rest`: the tests that `npm test` leaves out. */
export default defineConfig({
  test: {
    projects: projects(LEFT_OUT_FILES.map((files) => files.replace(/\*\*$/, '**/*.test.ts'))),
    sequence: { sequencer: LongestFirst },
  },
});
