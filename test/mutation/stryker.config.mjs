import { roomsAskedFor } from './rooms.mjs';

// Mutation testing: breaks the code in small ways, and tells which breaks no test notices. See docs/mutation-testing.md.
/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  plugins: ['@stryker-mutator/vitest-runner', import.meta.resolve('./message-text.mjs')],
  ignorers: ['message-text'],
  mutate: roomsAskedFor().flatMap(({ mutate }) => mutate),
  // What the tests that run here do not read.
  ignorePatterns: ['/bench', '/docs', '/examples', '/reports', '/dist', '/.ci'],
  // Only what changed since is run again; delete the file, or add `--force`, to start over.
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, reportMutants: true },
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  jsonReporter: { fileName: 'reports/mutation/report.json' },
  // Virtual time never waits, so a test that takes long is one that hangs.
  timeoutMS: 5_000,
  timeoutFactor: 1.5,
  concurrency: 2,
  thresholds: { high: 95, low: 85, break: 85 },
  cleanTempDir: 'always',
};
