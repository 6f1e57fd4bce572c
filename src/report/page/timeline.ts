import { html, type Html } from './html.js';
import { duration, OUTCOMES, plural } from './words.js';
import type { RunSummary, SessionSummary } from '../summary.js';

/** A bar on the timeline, from 0 (start of the run) to 1 (its end). */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly look: 'reading' | 'loading' | 'importing' | 'waiting' | 'lost';
  readonly title: string;
  /** Text on the bar, if it is wide enough. */
  readonly label?: string;
}

interface Lane {
  readonly name: string;
  readonly segments: readonly Segment[];
}

/** Steps between ticks, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
/** The most ticks whose labels fit on a phone. */
const MOST_TICKS = 6;
/** The least width of a bar. Shorter segments are drawn with this width, so that they are visible. */
const LEAST_SHARE = 0.004;
const ROOM_FOR_LABEL = 0.05;

/** The timeline of the run, with one lane for each activity; undefined if the run took no measurable time. */
export function timeline(summary: RunSummary): Html | undefined {
  const start = Date.parse(summary.startedAt);
  const total = Date.parse(summary.endedAt) - start;
  const all = lanes(summary, (iso) => Math.min(1, Math.max(0, (Date.parse(iso) - start) / total)));
  if (total <= 0 || all.length === 0) return undefined;
  const ticks = ticksOf(total);
  return html`<div class="lanes">
    ${all.map((lane) => laneRow(lane, ticks))}
    <span></span>
    <svg height="16" aria-hidden="true">${ticks.map((tick) => tickLabel(tick))}</svg>
  </div>`;
}

function lanes(summary: RunSummary, at: (iso: string) => number): readonly Lane[] {
  const { sessions, waits, startedAt, plannedAt, endedAt } = summary;
  const end = (session: SessionSummary) => session.endedAt ?? endedAt;
  const reading: Segment[] = [];
  if (plannedAt !== undefined)
    reading.push({
      from: 0,
      to: at(plannedAt),
      look: 'reading',
      title: `read in ${spell(startedAt, plannedAt)}`,
    });
  const loading = sessions.map((session): Segment => {
    const to = session.triggeredAt ?? end(session);
    return {
      from: at(session.createdAt),
      to: at(to),
      look: session.triggeredAt === undefined && session.outcome !== 'completed' ? 'lost' : 'loading',
      label: String(session.number),
      title: `session ${session.number}: ${plural(session.requests, 'request')} in ${spell(session.createdAt, to)}`,
    };
  });
  const importing = sessions.flatMap((session): Segment[] => {
    if (session.triggeredAt === undefined) return [];
    const look = session.outcome === 'completed' ? 'importing' : 'lost';
    const title = `session ${session.number}: ${OUTCOMES[session.outcome]} after ${spell(session.triggeredAt, end(session))}`;
    const label = String(session.number);
    return [{ from: at(session.triggeredAt), to: at(end(session)), look, title, label }];
  });
  const waiting = (...reasons: readonly string[]) =>
    waits.each
      .filter((wait) => reasons.includes(wait.reason))
      .map(({ from, to, reason }): Segment => {
        return { from: at(from), to: at(to), look: 'waiting', title: `${reason}: ${spell(from, to)}` };
      });
  return [
    { name: 'Reading', segments: reading },
    { name: 'Loading', segments: loading },
    { name: 'Okta imports', segments: importing },
    { name: 'Between sessions', segments: waiting('session-cooldown') },
    { name: 'Rate limits, retries', segments: waiting('rate-limit', 'read-only', 'back-off') },
  ].filter(({ segments }) => segments.length > 0);
}

function laneRow({ name, segments }: Lane, ticks: readonly Tick[]): Html {
  const titles =
    segments.length <= 12 ? segments.map(({ title }) => title).join('; ') : `${segments.length} times`;
  return html`<span>${name}</span>
    <svg height="16" role="img" aria-label="${name}: ${titles}">
      <rect class="track" width="100%" height="16" rx="3"></rect>
      ${ticks.map(({ share }) => html`<line class="tick" x1="${percent(share)}" x2="${percent(share)}" y2="16"></line>`)}
      ${joined(segments).map(bar)}
    </svg>`;
}

function bar({ from, to, look, title, label }: Segment): Html {
  const width = Math.max(to - from, LEAST_SHARE);
  const left = Math.min(from, 1 - width);
  const text =
    label !== undefined &&
    width > ROOM_FOR_LABEL &&
    html`<text class="on" x="${percent(left + width / 2)}" y="12" text-anchor="middle" aria-hidden="true">
      ${label}
    </text>`;
  return html`<rect class="${look}" x="${percent(left)}" width="${percent(width)}" height="16" rx="2">
      <title>${title}</title></rect
    >${text}`;
}

/** Joins neighbours that are too close to be distinguished, so that the report of thousands of sessions stays small. */
function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    const near = last !== undefined && segment.look === last.look && segment.from - last.to < LEAST_SHARE / 2;
    // With few segments, neighbours stay separate even if they touch.
    if (near && segments.length > 100)
      result[result.length - 1] = {
        ...last,
        to: Math.max(last.to, segment.to),
        title: `${last.title.split(' … ')[0]} … ${segment.title}`,
      };
    else result.push(segment);
  }
  return result;
}

interface Tick {
  readonly share: number;
  readonly label: string;
}

function ticksOf(total: number): readonly Tick[] {
  const step = (STEPS.find((seconds) => total / (seconds * 1000) <= MOST_TICKS) ?? days(total)) * 1000;
  const ticks: Tick[] = [];
  for (let at = 0; at <= total; at += step)
    ticks.push({ share: at / total, label: at === 0 ? '0' : duration(at) });
  return ticks;
}

function days(total: number): number {
  return Math.ceil(total / 86_400_000 / MOST_TICKS) * 86_400;
}

function tickLabel({ share, label }: Tick): Html {
  const anchor = share < 0.04 ? 'start' : share > 0.94 ? 'end' : 'middle';
  return html`<text x="${percent(share)}" y="12" text-anchor="${anchor}">${label}</text>`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

function spell(from: string, to: string): string {
  return duration(Date.parse(to) - Date.parse(from));
}
