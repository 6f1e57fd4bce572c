import type { GuardTrip } from '../../core/results.js';
import { html, type Html } from './html.js';
import { count, shortened } from './words.js';
import type { RunSummary } from '../summary.js';

/** What stopped the run, or would, and what to do about it. */
export function alert(summary: RunSummary): Html | undefined {
  const { error, plan, status } = summary;
  if (plan !== undefined && (plan.trips.length > 0 || status === 'stopped')) return guardAlert(plan);
  if (error === undefined) return undefined;
  const { message, name, code } = error;
  return html`<section class="wide alert ${status === 'aborted' ? 'warn' : 'bad'}" aria-labelledby="why">
    <h2 id="why">What ended it</h2>
    <p>
      ${message === undefined ? `${name}; its message is left out, for it may hold data` : shortened(message, 600)}
    </p>
    <p>
      ${code !== undefined && html`<code>${code}</code> · `}${
        status === 'aborted' || summary.sent.sessions > 0
          ? 'What Okta confirmed is kept. Run again to go on: what was in flight is settled first.'
          : 'Nothing was sent.'
      }
    </p>
  </section>`;
}

function guardAlert({ trips, hash }: NonNullable<RunSummary['plan']>): Html {
  return html`<section class="wide alert bad" aria-labelledby="why">
    <h2 id="why">Limits of the guard</h2>
    ${trips.length === 0 && html`<p>This is not the plan that was approved.</p>`}
    <ul>
      ${trips.map((trip) => html`<li>${tripText(trip)}</li>`)}
    </ul>
    <p>
      Nothing is sent of a plan that exceeds a limit. If it is meant, approve exactly this plan by its hash:
      <code class="hash">${hash}</code>
    </p>
  </section>`;
}

/** One limit that a plan exceeds, as a sentence. */
function tripText({ entity, rule, actual, limit, population }: GuardTrip): string {
  const held = `the ${count(population)} ${entity} that Okta holds`;
  switch (rule) {
    case 'deletePercent':
      return `${count(actual)} % of ${held} would be deleted; the limit is ${count(limit)} %`;
    case 'updatePercent':
      return `${count(actual)} % of ${held} would be updated; the limit is ${count(limit)} %`;
    case 'deletes':
      return `${count(actual)} ${entity} would be deleted; the limit is ${count(limit)}`;
    case 'updates':
      return `${count(actual)} ${entity} would be updated; the limit is ${count(limit)}`;
    case 'emptySource':
      return `the source of ${entity} is empty, and Okta holds ${count(population)}`;
    case 'rejects':
      return `${count(actual)} % of the ${entity} read were rejected; the limit is ${count(limit)} %`;
    case 'population':
      return `Okta holds ${count(actual)} ${entity}; the limit is ${count(limit)}`;
  }
}
