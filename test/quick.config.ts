import { configDefaults, defineConfig } from 'vitest/config';
import base from '../vitest.config.js';
import { LeftOutReporter } from './support/left-out-reporter.js';
import { LEFT_OUT_FILES } from './suites.js';

/** `npm test`: the tests that need no service and little time. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    exclude: [...configDefaults.exclude, ...LEFT_OUT_FILES],
    reporters: ['default', new LeftOutReporter()],
  },
});
