/** Writes `bench/RESULTS.md`, the tables of `docs/performance.md` and its plots from the results that are kept: `npm run bench:pages`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import prettier from 'prettier';
import { CASES } from '../cases.js';
import { ROOT } from '../runner/compile.js';
import { isFullSize, largeResult, latestResults, sessionResults } from './latest.js';
import { memoryPlot } from './memory-plot.js';
import { ratioPlot, sessionsPlot } from './plots.js';
import {
  circumstancesTable,
  fullTable,
  largeTable,
  largeText,
  lostCases,
  missingTargets,
  rulesTable,
  sessionsTable,
  targetTable,
} from './results-page.js';

const PLOTTED_USERS = 100_000;

const list = (items: readonly string[], none: string) =>
  items.length === 0 ? none : items.map((item) => `- ${item}`).join('\n');

/** Replaces what stands between a pair of markers. */
function fill(text: string, marker: string, content: string): string {
  const pattern = new RegExp(`(<!-- ${marker} -->)[^]*?(<!-- /${marker} -->)`);
  if (!pattern.test(text)) throw new Error(`the page has no place for ${marker}`);
  return text.replace(pattern, (_, head: string, tail: string) => `${head}\n\n${content}\n\n${tail}`);
}

async function write(path: string, text: string): Promise<void> {
  const file = join(ROOT, path);
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
}

const results = latestResults();
const sessions = sessionResults();
const large = largeResult();
const missing = missingTargets(CASES, results);

await write(
  'bench/RESULTS.md',
  `# Results of the bench

Written by \`npm run bench:pages\` from the files in \`bench/results\`; the newest result of each case and size counts.

Read the ratios, not the seconds. Each side runs in a process of its own, in turn with the other, and a ratio is that of a
pair that ran one after the other; but the machine below has two cores and was shared while these were measured (see the
load), so the ranges are wide. Files are in the page cache. Modules are loaded before the clock starts; opening a
database or a state is inside. Peak memory is the
whole process's private memory (\`RssAnon\` and \`RssShmem\`), Node itself included (about 45 MB); pages of mapped files are the system's. Where both sides find
changes, the bodies of all of them were compared before the timed runs. What each peer does and leaves out is told in
\`docs/performance.md\`.

## Targets

${targetTable(results)}

Not measured at that size yet:

${list(missing, 'none')}

## Cases lost

Rollcall took more than its peer, in time or in what the case counts. Some peers do only a part of the work: parsing,
draining, or a bound that nothing can beat.

${list(lostCases(results.filter(isFullSize)), 'none')}

## All results

${fullTable(results)}

## Sessions in virtual time

The three rules that the service may have for the next session: the import before it is over, 60 seconds or five minutes after
the trigger. The bound is the sessions that are needed, times that wait. Imports take 40 seconds here.

${rulesTable(sessions)}

With five minutes and imports of four, and what changes it: up to a million
users the real upload ran against the simulated org in virtual time; at ten million only the model speaks. With
lost answers the mean of five draws is told.

${sessionsTable(sessions)}

## A large first load

${large === undefined ? 'Not measured yet.' : `${largeText(large)}\n\n${largeTable(large)}`}

## Runs

${circumstancesTable(results)}
`,
);

mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
writeFileSync(join(ROOT, 'docs/images/bench-ratios.svg'), ratioPlot(results));
writeFileSync(join(ROOT, 'docs/images/bench-sessions.svg'), sessionsPlot(sessions, PLOTTED_USERS));

if (large !== undefined) writeFileSync(join(ROOT, 'docs/images/bench-memory.svg'), memoryPlot(large));

const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
const tables = fill(page, 'results', targetTable(results));
const withRules = fill(tables, 'rules', rulesTable(sessions));
const withSessions = fill(withRules, 'sessions', sessionsTable(sessions));
await write(
  'docs/performance.md',
  large === undefined ? withSessions : fill(withSessions, 'large', largeText(large)),
);
