import { describeTrip } from '../../core/describe-trip.js';
import { html, type Html } from './html.js';
import { lastRun } from './last-run.js';
import { shortened } from './words.js';
import type { RunSummary } from '../summary.js';

/** The error that ended the run, and what to do; undefined if there was none, or if it was the guard's. */
export function alert(summary: RunSummary): Html | undefined {
  const { error, status } = summary;
  if (isStopped(summary) || error === undefined) return undefined;
  const { message, name, code } = error;
  return html`<section class="wide alert ${status === 'aborted' ? 'warn' : 'bad'}" aria-labelledby="why">
    <h2 id="why">Why the run ended</h2>
    <p>
      ${message === undefined ? `${name} (message omitted, because it may contain data)` : shortened(message, 600)}
    </p>
    <p>
      ${code !== undefined && html`<code>${code}</code> · `}${
        status === 'aborted' || summary.sent.sessions > 0
          ? 'Changes that Okta confirmed are stored. Run again to continue: the next run first settles sessions in flight.'
          : 'Nothing was sent.'
      }
    </p>
  </section>`;
}

function isStopped({ plan, status }: RunSummary): boolean {
  return plan !== undefined && (plan.trips.length > 0 || status === 'stopped');
}

/** Why the guard stopped the plan, or would stop it, beside the last run. */
export function guardAlert(summary: RunSummary): Html | undefined {
  const { plan, status, origin } = summary;
  if (plan === undefined || !isStopped(summary)) return undefined;
  const { trips, hash } = plan;
  return html`<section class="wide alert bad" aria-labelledby="guard">
    <h2 id="guard">Why the guard ${status === 'stopped' ? 'stopped' : 'would stop'} this plan</h2>
    ${trips.length === 0 && html`<p>The plan is not the one that was approved.</p>`}
    <ul>
      ${trips.map((trip) => html`<li>${describeTrip(trip)}</li>`)}
    </ul>
    ${lastRun(summary)}
    <p>
      Nothing is sent if a plan exceeds a limit. If these changes are intended, approve exactly this
      plan${origin?.approval === undefined && ' with its hash'}:
      <code class="hash">${origin?.approval !== undefined && `${origin.approval} `}${hash}</code>
    </p>
  </section>`;
}
