import { defineConfig } from 'vitest/config';
import { projects } from './support/isolation.js';
import { LeftOutReporter } from './support/left-out-reporter.js';
import { LongestFirst } from './support/longest-first.js';
import { LEFT_OUT_FILES } from './suites.js';

/** `npm test`: the tests that need no service and little time. */
export default defineConfig({
  test: {
    projects: projects(['test/**/*.test.ts'], LEFT_OUT_FILES),
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new LeftOutReporter()],
  },
});
