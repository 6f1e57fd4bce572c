import type { Case, Target } from '../case.js';
import { loadText } from './machine.js';
import type { CaseResult } from './results.js';
import type { Spread } from './stats.js';

/** Whether a result meets its target: `''` where there is none. */
export function verdictOf(target: Target | undefined, result: CaseResult, measure?: string): string {
  if (target === undefined) return '';
  const misses = faultsOf(target, result, measure);
  return misses.length === 0 ? 'met' : `missed: ${misses.join(', ')}`;
}

function faultsOf(target: Target, result: CaseResult, measure: string | undefined): string[] {
  const misses: string[] = [];
  const hold = (what: string, value: number, limit: number | undefined) => {
    if (limit !== undefined && !(value <= limit)) misses.push(`${what} ${compact(value)} of ${limit}`);
  };
  hold(measure === undefined ? 'wall' : measure, result.ratio.median, target.wall);
  hold('memory', result.peakRatio.median, target.memory);
  hold('peak MB', result.rollcall.peakMb.median, target.peakMb);
  if (measure !== undefined) hold(measure, result.rollcall.measures[measure] ?? Number.NaN, target.own);
  const { noMore } = target;
  if (noMore !== undefined) {
    const most = result.peer.measures[noMore] ?? Number.NaN;
    hold(noMore, result.rollcall.measures[noMore] ?? Number.NaN, most);
  }
  return misses;
}

/** The target in words. */
export function targetText({ wall, memory, own, peakMb }: Target, unit = ''): string {
  return [
    wall === undefined ? '' : `${wall} x`,
    memory === undefined ? '' : `${memory} x memory`,
    own === undefined ? '' : `${own} ${unit}`,
    peakMb === undefined ? '' : `${peakMb} MB`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Three digits at most, without trailing zeros. */
export function compact(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export function spreadText({ median, min, max }: Spread): string {
  return `${compact(median)} (${compact(min)}..${compact(max)})`;
}

/** The lines of a result for a terminal. */
export function resultLines(bench: Case, result: CaseResult): string {
  const verdict = verdictOf(bench.target, result, bench.measure);
  const sides = [result.rollcall, result.peer].map((side) => {
    const measured =
      bench.measure === undefined
        ? ''
        : `, ${compact(side.measures[bench.measure] ?? Number.NaN)} ${bench.unit ?? ''}`;
    return `  ${side.name}: ${spreadText(seconds(side.wallMs))} s, cpu ${compact(side.cpuMs.median / 1000)} s, peak ${side.peakMb.median} MB${measured}`;
  });
  return [
    `${bench.name} (${result.size}): ${bench.title}`,
    ...(result.load === undefined ? [] : [`  before it: ${loadText(result.load)}`]),
    ...sides,
    ...(bench.remark === undefined ? [] : [`  ${bench.remark(result)}`]),
    `  ratio ${spreadText(result.ratio)}, cpu ${compact(result.cpuRatio.median)}, peak ${spreadText(result.peakRatio)}${verdict === '' ? '' : `: ${verdict}`}`,
  ].join('\n');
}

/** Each case with a target, in one line: met, missed, or not measured. */
export function targetLines(cases: readonly Case[], results: readonly CaseResult[]): string {
  return cases
    .filter(({ target }) => target !== undefined)
    .map(({ name, target, measure }) => {
      const result = results.find((candidate) => candidate.name === name);
      return `${name}: ${result === undefined ? 'not measured' : verdictOf(target, result, measure)}`;
    })
    .join('\n');
}

/** Milliseconds as seconds. */
export function seconds({ median, min, max }: Spread): Spread {
  return { median: median / 1000, min: min / 1000, max: max / 1000 };
}
