import { lifeText, memoryCurve, type KeptLargeResult } from '../large/table.js';
import type { CaseResult, Circumstances } from '../runner/results.js';
import { compact, seconds, spreadText, targetText, verdictOf } from '../runner/table.js';
import { ruleMs } from '../sessions/model.js';
import type { Outcome } from '../sessions/scenario.js';
import type { SessionResult } from '../sessions/result.js';
import { isFullSize, type LatestResult } from './latest.js';

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** The cases with a target, at the size the target is for. */
export function targetTable(results: readonly LatestResult[]): string {
  const rows = results
    .filter((latest) => latest.bench.target !== undefined && isFullSize(latest))
    .map(({ bench, result }) => [
      bench.title,
      targetText(bench.target ?? {}, bench.unit),
      spreadText(result.ratio),
      compact(result.cpuRatio.median),
      compact(result.peakRatio.median),
      result.rollcall.peakMb.median,
      verdictOf(bench.target, result, bench.measure),
    ]);
  return table(
    ['case', 'at most', 'ratio, median (range)', 'CPU ratio', 'memory ratio', 'peak MB', ''],
    rows,
  );
}

/** The cases whose target has not been measured at its size. */
export function missingTargets(
  all: readonly { name: string; title: string; target?: unknown }[],
  results: readonly LatestResult[],
): string[] {
  const measured = new Set(results.filter(isFullSize).map(({ bench }) => bench.name));
  return all
    .filter(({ name, target }) => target !== undefined && !measured.has(name))
    .map(({ name, title }) => `${name}: ${title}`);
}

/** Every result, with both sides. */
export function fullTable(results: readonly LatestResult[]): string {
  const rows = results.flatMap(({ bench, result }) =>
    [result.rollcall, result.peer].map((side, i) => [
      i === 0 ? `\`${bench.name}\`` : '',
      i === 0 ? result.size.toLocaleString('en') : '',
      side.name,
      bench.measure === undefined ? spreadText(seconds(side.wallMs)) : '',
      bench.measure === undefined
        ? ''
        : `${compact(side.measures[bench.measure] ?? Number.NaN)} ${bench.unit ?? ''}`,
      compact(side.cpuMs.median / 1000),
      side.peakMb.median,
      i === 0 ? spreadText(result.ratio) : '',
      i === 0 ? result.pairs : '',
      i === 0 ? loadCell(result) : '',
    ]),
  );
  return table(
    [
      'case',
      'records',
      'side',
      'wall s, median (range)',
      'measure',
      'CPU s',
      'peak MB',
      'ratio',
      'pairs',
      'load; others',
    ],
    rows,
  );
}

/** Load average before the case, and the share of the cores that others used. */
function loadCell({ load }: CaseResult): string {
  return load === undefined ? '' : `${load.average}; ${Math.round(load.others * 100)} %`;
}

/** The cases in which the peer took less, in words. */
export function lostCases(results: readonly LatestResult[]): string[] {
  return results
    .filter(({ result }) => result.ratio.median > 1)
    .map(
      ({ bench, result }) =>
        `\`${bench.name}\` at ${result.size.toLocaleString('en')}: ${compact(result.ratio.median)} x ${result.peer.name}${remarkOf(bench, result)}`,
    );
}

function remarkOf(bench: LatestResult['bench'], result: CaseResult): string {
  return bench.remark === undefined ? '' : ` (${bench.remark(result)})`;
}

/** The machines and commands behind the results. */
export function circumstancesTable(results: readonly LatestResult[]): string {
  const runs = new Map<string, Circumstances>();
  for (const { circumstances } of results) runs.set(circumstances.date, circumstances);
  const rows = [...runs.values()]
    .sort((a, b) => a.date.localeCompare(b.date))
    .map(({ date, cpu, cores, memoryGb, node, load, commit, command }) => [
      date.slice(0, 16).replace('T', ' '),
      `${cpu}, ${cores} cores, ${memoryGb} GB`,
      node,
      load,
      commit,
      `\`${command}\``,
    ]);
  return table(['date (UTC)', 'machine', 'Node', 'load before', 'commit', 'command'], rows);
}

/** Memory over a large first load, life by life. */
export function largeTable({ result }: KeptLargeResult): string {
  const rows = result.lives.flatMap((life, at) =>
    memoryCurve(life).map(({ sessions, rss, own, peakOwn }, i) => [
      i === 0 ? `${at + 1}${life.killed ? ', killed' : ''}` : '',
      sessions,
      Math.round(rss),
      Math.round(own),
      Math.round(peakOwn),
    ]),
  );
  return table(
    [
      'life',
      'sessions it committed',
      'resident, MB',
      'its own, MB',
      'most of its own since the session before, MB',
    ],
    rows,
  );
}

/** What a large first load came to, in sentences. */
export function largeText({ circumstances, result }: KeptLargeResult): string {
  const { size, kills, lives, completed, cancelled, sentAgain, virtualHours } = result;
  const where = kills.map(
    ({ session, request, moment }) => `in session ${session}, at request ${request} (${MOMENTS[moment]})`,
  );
  return [
    `${size.toLocaleString('en')} users from a CSV file, ${completed} sessions, ${virtualHours.toFixed(1)} hours of virtual time; \`${circumstances.command}\`, ${circumstances.date.slice(0, 10)}, commit ${circumstances.commit}. The program was killed ${where.join('; ')}. Sessions that were cancelled after it: ${cancelled}; people who were sent again, all of them in cancelled sessions: ${sentAgain}.`,
    ...lives.map((life, i) => `- ${lifeText(life, i)}`),
  ].join('\n');
}

const MOMENTS = {
  before: 'before Okta acted on it',
  applied: 'after Okta acted on it, with no answer',
  answered: 'as its answer came',
} as const;

/** The first wait that counts as learned: before the third session. */
const LEARNED = 1;

/** What the rules for the next session cost, and how close the learned wait comes to them. */
export function rulesTable(results: readonly SessionResult[]): string {
  const rows = results.flatMap(({ scenario, simulated, boundMs }) => {
    if (scenario.rule === undefined || simulated?.waits === undefined) return [];
    const { ms, refused } = simulated.waits;
    // A run after another one has learned the wait before it begins.
    const from = scenario.learnedBy === undefined ? LEARNED : 0;
    const waits = ms.slice(from);
    const rule = ruleMs(scenario);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return [
      [
        scenario.name.replace(/,.*/, ''),
        scenario.rule,
        scenario.sessionRequests,
        simulated.sessions,
        (boundMs / 3_600_000).toFixed(2),
        (simulated.wallMs / 3_600_000).toFixed(2),
        waits.length === 0 ? '' : (sum(waits) / (waits.length * rule)).toFixed(3),
        sum(refused.slice(0, from)),
        waits.length === 0 ? '' : (sum(refused.slice(from)) / waits.length).toFixed(2),
      ],
    ];
  });
  const head = ['run', 'next session', 'requests a minute', 'sessions', 'bound, h', 'simulated, h'];
  return table(
    [...head, 'learned wait over the rule', 'refused at first', 'refused a session, learned'],
    rows,
  );
}

/** Wall times under the service's limits. */
export function sessionsTable(all: readonly SessionResult[]): string {
  const results = all.filter(({ scenario }) => scenario.rule === undefined);
  const hours = (outcome: Outcome | null) =>
    outcome === null ? '' : (outcome.wallMs / 3_600_000).toFixed(2);
  const rows = results.map(({ scenario, simulated, predicted, boundMs }) => [
    scenario.name,
    Number(((simulated ?? predicted)?.sessions ?? Number.NaN).toFixed(1)),
    (boundMs / 3_600_000).toFixed(2),
    hours(simulated),
    hours(predicted),
  ]);
  return table(['run', 'sessions', 'bound, h', 'simulated, h', 'model, h'], rows);
}
