/**
 * Proves that the tests of `docs/guarantees.md` hold what they say: `npm run test:guarantees`. Each guarantee is broken in
 * the code, in several ways, and each time the test that is named for it must fail; as the code is, all must pass.
 *
 *     npm run test:guarantees                    all
 *     npm run test:guarantees -- --only 4        one guarantee
 *
 * The exit code is 1 when a break goes unnoticed, or cannot be put into the source any more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { breakText, type Break } from './break.js';
import { Breaker, type Verdict } from './breaker.js';
import { BREAKS } from './breaks.js';
import { ROOT } from './document.js';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = BREAKS.map(({ guarantee, breaks }, i) => ({ number: i + 1, guarantee, breaks })).filter(
  ({ number }) => values.only === undefined || Number(values.only) === number,
);
const started = Date.now();
let failures = 0;

for (const { file, find, replace } of chosen.flatMap(({ breaks }) => breaks)) {
  breakText(readFileSync(join(ROOT, file), 'utf8'), { find, replace });
}

const breaker = await Breaker.start();
try {
  const tests = uniqueTests(chosen.flatMap(({ breaks }) => breaks));
  const verdicts = await breaker.whole(tests);
  for (const [i, [file, title]] of tests.entries()) {
    const verdict = verdicts[i] as Verdict;
    if (verdict.kind === 'passed') continue;
    failures++;
    console.log(`as the code is, ${verdict.kind}: ${file}: ${title}\n    ${line(verdict)}`);
  }
  console.log(`${tests.length} tests as the code is: ${seconds()} s`);
  let noticed = 0;
  let made = 0;
  for (const { number, guarantee, breaks } of chosen) {
    console.log(`\n${number}. ${guarantee}`);
    for (const one of breaks) {
      const verdict = await breaker.broken(one);
      made++;
      if (verdict.kind === 'failed') noticed++;
      else failures++;
      console.log(`  ${verdict.kind === 'failed' ? 'noticed  ' : 'UNNOTICED'} ${one.what}`);
      console.log(`            ${one.file}; ${one.test.join(': ')}`);
      console.log(`            ${verdict.kind === 'passed' ? 'it passed' : line(verdict)}`);
    }
  }
  console.log(`\n${chosen.length} guarantees, ${made} breaks, ${noticed} noticed: ${seconds()} s`);
} finally {
  await breaker.close();
}
process.exit(failures > 0 ? 1 : 0);

function uniqueTests(breaks: readonly Break[]): readonly Break['test'][] {
  return [...new Map(breaks.map(({ test }) => [test.join(': '), test])).values()];
}

function line(verdict: Verdict): string {
  const message = 'message' in verdict ? verdict.message : '';
  return (message.split('\n')[0] ?? '').slice(0, 150);
}

function seconds(): number {
  return Math.round((Date.now() - started) / 1000);
}
