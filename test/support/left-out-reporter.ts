import type { Reporter } from 'vitest/node';
import { LEFT_OUT } from '../suites.js';

/** Says at the end of `npm test` which tests it left out. */
export class LeftOutReporter implements Reporter {
  onTestRunEnd(): void {
    const lines = LEFT_OUT.map(({ what }) => `  - ${what}`);
    console.log(['', 'Not tested by npm test, but by npm run test:all:', ...lines, ''].join('\n'));
  }
}
