import { html, type Html } from './html.js';
import { changesList, entityList } from '../../core/entity-list.js';
import { ENTITIES } from '../../core/model.js';
import { facts } from './facts.js';
import { count, plural } from './words.js';
import type { RunSummary } from '../summary.js';

type Tone = 'good' | 'bad' | 'warn' | 'plain';

interface Headline {
  readonly tone: Tone;
  readonly badge: string;
  readonly title: string;
}

/** The outcome of the run in one sentence, with counts by entity; also the title of the report. */
export function headlineOf(summary: RunSummary): Headline {
  const { status } = summary;
  switch (status) {
    case 'planned':
      return planned(summary);
    case 'stopped':
      return {
        tone: 'bad',
        badge: 'Stopped',
        title: `The guard stopped this run, and nothing was sent${deleted(summary, 'would have been deleted')}`,
      };
    case 'aborted':
      return { tone: 'warn', badge: 'Aborted', title: `The run was stopped, with ${soFar(summary)}` };
    case 'failed':
      return { tone: 'bad', badge: 'Failed', title: `The run failed, with ${soFar(summary)}` };
    case 'done':
      return done(summary);
  }
}

function planned(summary: RunSummary): Headline {
  const { plan } = summary;
  if (plan !== undefined && plan.trips.length > 0)
    return {
      tone: 'bad',
      badge: 'Plan',
      title: `The guard would stop this plan${deleted(summary, 'would be deleted')}`,
    };
  const changes = plan && changesList(plan.entities);
  return {
    tone: 'plain',
    badge: 'Plan',
    title: changes === undefined ? 'There is nothing to send' : `${changes} would be sent`,
  };
}

/** `: 3 users would be deleted`; nothing without deletions. */
function deleted({ plan }: RunSummary, verb: string): string {
  const deletes = plan && entityList((entity) => plan.entities[entity].deletes);
  return deletes === undefined ? '' : `: ${deletes} ${verb}`;
}

function done({ rejected, plan, sources, sample, sent, owed }: RunSummary): Headline {
  const unsent = entityList((entity) => sources[entity]?.unsent ?? 0);
  const confirmed = changesList(sent.confirmed);
  const nothing = unsent === undefined ? 'Okta is in sync; there were no changes' : 'No change was selected';
  const title = confirmed === undefined ? nothing : `Okta confirmed ${confirmed}`;
  const differ = sample?.differences ?? 0;
  if (differ > 0)
    return {
      tone: 'bad',
      badge: 'Differs',
      title: `${title}; ${plural(differ, 'change')} of a sample not found so at Okta`,
    };
  const left = entityList((entity) => rejected.entities[entity]);
  if (left !== undefined)
    return { tone: 'warn', badge: 'Done', title: `${title}; rejected or refused: ${left}` };
  if (unsent !== undefined) return { tone: 'warn', badge: 'Done', title: `${title}; ${unsent} not selected` };
  const held = plan && entityList((entity) => plan.heldBackDeletes[entity]);
  if (held !== undefined)
    return { tone: 'warn', badge: 'Done', title: `${title}; deletions held back: ${held}` };
  if (owed !== undefined)
    return { tone: 'warn', badge: 'Done', title: `${title}; ${plural(owed, 'record')} of feeds owed` };
  return { tone: 'good', badge: 'Done', title };
}

function soFar({ sent, plan }: RunSummary): string {
  const confirmed = changesList(sent.confirmed);
  if (confirmed === undefined) return 'nothing confirmed';
  const all = plan && changesList(plan.entities);
  return all === undefined ? `${confirmed} confirmed` : `${confirmed} confirmed of ${all}`;
}

/** The top of the report: the outcome, where and when it was, and the deletions. */
export function header(summary: RunSummary): Html {
  const { tone, badge, title } = headlineOf(summary);
  return html`<header>
      <span class="badge ${tone}">${badge}</span> <span class="brand">rollcall run report</span>
      <h1>${title}</h1>
      ${facts(summary.origin ?? {}, summary.startedAt, summary.endedAt)}
    </header>
    ${deletions(summary)}`;
}

/** The deletions have a place of their own: by entity, and of how many in Okta. */
function deletions({ plan, sources, sent, status }: RunSummary): Html | undefined {
  if (plan === undefined) return undefined;
  const isSent = status !== 'planned' && status !== 'stopped';
  const shown = ENTITIES.filter((entity) => sources[entity] !== undefined);
  return html`<dl class="figures">
    ${shown.map((entity) => {
      const { deletes } = plan.entities[entity];
      const confirmed = isSent ? sent.confirmed[entity].deletes : 0;
      const done = confirmed < deletes ? `${count(confirmed)} of ${count(deletes)} deleted` : 'deleted';
      return html`<div class="${deletes === 0 ? 'zero' : 'delete'}">
        <dt>${entity} ${isSent ? (deletes === 0 ? 'deleted' : done) : 'to delete'}</dt>
        <dd>${count(deletes)} <small>of ${count(plan.population[entity])} in Okta before</small></dd>
      </div>`;
    })}
  </dl>`;
}
