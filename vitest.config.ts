import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^rollcall\/simulator$/, replacement: src('simulator/index.ts') },
      { find: /^rollcall\/(config|okta|sources|store|testing|types)$/, replacement: src('subpaths/$1.ts') },
      { find: /^rollcall$/, replacement: src('index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // Vitest leaves a core free, which on two cores doubles the time.
    maxWorkers: availableParallelism(),
  },
});
