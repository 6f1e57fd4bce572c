import { defineConfig } from 'vitest/config';
import base from '../vitest.config.js';
import { LEFT_OUT_FILES } from './suites.js';

/** `npm run test:rest`: the tests that `npm test` leaves out. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: LEFT_OUT_FILES.map((files) => files.replace(/\*\*$/, '**/*.test.ts')) },
});
