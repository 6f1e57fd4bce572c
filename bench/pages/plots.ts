import type { SessionResult } from '../sessions/result.js';
import { isFullSize, type LatestResult } from './latest.js';

const WIDTH = 880;
const LABEL = 345;
const RIGHT = 70;
const ROW = 26;
const TOP = 46;
const INK = '#1f2933';
const BAR = '#2f6f9f';
const MARK = '#c2410c';

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly mark: number | undefined;
  readonly text: string;
}

interface Chart {
  readonly title: string;
  readonly note: string;
  readonly bars: readonly Bar[];
  /** A line through all bars, with its name. */
  readonly line?: { readonly at: number; readonly name: string };
  readonly scale: 'log' | 'linear';
}

/** Ratios of the measured targets: the bar is rollcall's, the mark the most it may be. */
export function ratioPlot(results: readonly LatestResult[]): string {
  const bars = results
    .filter(({ bench }) => bench.target?.wall !== undefined)
    .filter(isFullSize)
    .map(({ bench, result }) => ({
      label: bench.name,
      value: result.ratio.median,
      mark: bench.target?.wall,
      text: `${Number(result.ratio.median.toPrecision(3))} x`,
    }));
  return draw({
    title: 'Rollcall over its peer: time, or what the case counts',
    note: 'median of paired runs; the orange mark is the target; logarithmic',
    bars,
    line: { at: 1, name: 'as the peer' },
    scale: 'log',
  });
}

/** Hours of each run, with the bound as its mark. */
export function sessionsPlot(results: readonly SessionResult[], largest: number): string {
  const bars = results
    .filter(({ scenario }) => scenario.upserts === largest && scenario.rule === undefined)
    .map(({ scenario, simulated, predicted, boundMs }) => {
      const hours = ((simulated ?? predicted)?.wallMs ?? 0) / 3_600_000;
      const name = scenario.name.replace(/^[^,]*, /, '');
      return { label: name, value: hours, mark: boundMs / 3_600_000, text: `${hours.toFixed(2)} h` };
    });
  return draw({
    title: `A first load of ${largest.toLocaleString('en')} users under the service's limits`,
    note: 'simulated hours; the orange mark is the bound: sessions, five minutes apart',
    bars,
    scale: 'linear',
  });
}

function draw({ title, note, bars, line, scale }: Chart): string {
  const values = bars.flatMap(({ value, mark }) => [value, mark ?? value]).concat(line?.at ?? []);
  const low = scale === 'log' ? Math.min(0.1, ...values) : 0;
  const high = Math.max(...values) * 1.05;
  const span = WIDTH - LABEL - RIGHT;
  const x = (value: number) =>
    LABEL +
    span * (scale === 'log' ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : value / high);
  const height = TOP + bars.length * ROW + 20;
  const rows = bars.map(({ label, value, mark, text }, i) => {
    const y = TOP + i * ROW;
    const tick =
      mark === undefined
        ? ''
        : `<rect x="${at(x(mark) - 1.5)}" y="${y - 2}" width="3" height="20" fill="${MARK}"/>`;
    return `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${escape(label)}</text><rect x="${LABEL}" y="${y}" width="${at(Math.max(1, x(value) - LABEL))}" height="16" fill="${BAR}"/>${tick}<text x="${at(Math.max(x(value), mark === undefined ? 0 : x(mark)) + 6)}" y="${y + 12}">${escape(text)}</text>`;
  });
  const rule =
    line === undefined
      ? ''
      : `<line x1="${at(x(line.at))}" x2="${at(x(line.at))}" y1="${TOP - 6}" y2="${height - 16}" stroke="${INK}" stroke-dasharray="3 3"/><text x="${at(x(line.at))}" y="${height - 4}" text-anchor="middle">${escape(line.name)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}"><rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="18" font-size="15" font-weight="600">${escape(title)}</text><text x="12" y="34">${escape(note)}</text>${rows.join('')}${rule}</svg>\n`;
}

const at = (value: number) => value.toFixed(1);

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
