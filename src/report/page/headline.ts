import { html, type Html } from './html.js';
import { changesOf } from '../../core/results.js';
import { count, dateTime, duration, plural } from './words.js';
import type { RunSummary } from '../summary.js';

type Tone = 'good' | 'bad' | 'warn' | 'plain';

interface Headline {
  readonly tone: Tone;
  readonly badge: string;
  readonly title: string;
}

/** The outcome of the run in a few words; also the title of the report. */
export function headlineOf(summary: RunSummary): Headline {
  const { status, sent, plan } = summary;
  const confirmed = changesOf(sent.confirmed);
  const planned = plan === undefined ? 0 : changesOf(plan.entities);
  switch (status) {
    case 'planned':
      if (plan !== undefined && plan.trips.length > 0)
        return { tone: 'bad', badge: 'Plan', title: 'The guard would stop this plan' };
      return {
        tone: 'plain',
        badge: 'Plan',
        title: planned === 0 ? 'There is nothing to send' : `${plural(planned, 'change')} would be sent`,
      };
    case 'stopped':
      return { tone: 'bad', badge: 'Stopped', title: 'The guard stopped this run, and nothing was sent' };
    case 'aborted':
      return {
        tone: 'warn',
        badge: 'Aborted',
        title: `The run was stopped, with ${soFar(confirmed, planned)}`,
      };
    case 'failed':
      return { tone: 'bad', badge: 'Failed', title: `The run failed, with ${soFar(confirmed, planned)}` };
    case 'done':
      return done(summary, confirmed);
  }
}

function done({ rejected, plan, sources, sample }: RunSummary, confirmed: number): Headline {
  const unsent = sum(Object.values(sources).map((source) => source.unsent ?? 0));
  const title =
    confirmed === 0
      ? unsent === 0
        ? 'Okta is in sync; there were no changes'
        : 'No change was selected'
      : `Okta confirmed ${plural(confirmed, 'change')}`;
  const differ = sample?.differences ?? 0;
  if (differ > 0)
    return {
      tone: 'bad',
      badge: 'Differs',
      title: `${title}; ${plural(differ, 'change')} of a sample not found so at Okta`,
    };
  const left = rejected.rollcall + rejected.okta;
  if (left > 0) return { tone: 'warn', badge: 'Done', title: `${title}; ${plural(left, 'record')} not sent` };
  if (unsent > 0)
    return { tone: 'warn', badge: 'Done', title: `${title}; ${plural(unsent, 'change')} not selected` };
  const held = plan === undefined ? 0 : sum(Object.values(plan.heldBackDeletes));
  if (held > 0)
    return { tone: 'warn', badge: 'Done', title: `${title}; ${plural(held, 'deletion')} held back` };
  return { tone: 'good', badge: 'Done', title };
}

function soFar(confirmed: number, planned: number): string {
  if (confirmed === 0) return 'nothing confirmed';
  return `${count(confirmed)} of ${plural(planned, 'change')} confirmed`;
}

/** The top of the report: the outcome, the times, and the main figures. */
export function header(summary: RunSummary): Html {
  const { tone, badge, title } = headlineOf(summary);
  const took = Date.parse(summary.endedAt) - Date.parse(summary.startedAt);
  return html`<header>
      <span class="badge ${tone}">${badge}</span> <span class="brand">rollcall run report</span>
      <h1>${title}</h1>
      <p class="soft">
        ${dateTime(summary.startedAt)}${took > 0 && ` to ${dateTime(summary.endedAt)}, ${duration(took)}`}
      </p>
    </header>
    ${figures(summary)}`;
}

function figures(summary: RunSummary): Html {
  const { sources, plan, sent, rejected, status } = summary;
  const each = Object.values(sources);
  const read = ['Read', sum(each.map((source) => source.read))] as const;
  const planned = ['Planned', plan && changesOf(plan.entities)] as const;
  const left = ['Rejected or refused', rejected.rollcall + rejected.okta] as const;
  const all: readonly (readonly [string, number | undefined])[] =
    status === 'planned'
      ? [
          read,
          ['Unchanged', sum(each.map(({ unchanged = 0 }) => unchanged))],
          left,
          planned,
          ['Requests', plan?.requests],
          ['Sessions', plan?.sessions],
        ]
      : [
          read,
          planned,
          ['Confirmed', changesOf(sent.confirmed)],
          ['Remaining', sent.remaining],
          left,
          ['Sessions', sent.sessions],
        ];
  return html`<dl class="figures">
    ${all.map(
      ([name, n]) =>
        html`<div class="${(n ?? 0) === 0 && 'zero'}">
          <dt>${name}</dt>
          <dd>${n === undefined ? '–' : count(n)}</dd>
        </div>`,
    )}
  </dl>`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
