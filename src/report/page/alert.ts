import { describeTrip } from '../../core/describe-trip.js';
import { html, type Html } from './html.js';
import { shortened } from './words.js';
import type { RunSummary } from '../summary.js';

/** The reason why the run stopped, or why the guard would stop it, and what to do. */
export function alert(summary: RunSummary): Html | undefined {
  const { error, plan, status } = summary;
  if (plan !== undefined && (plan.trips.length > 0 || status === 'stopped')) return guardAlert(plan);
  if (error === undefined) return undefined;
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

function guardAlert({ trips, hash }: NonNullable<RunSummary['plan']>): Html {
  return html`<section class="wide alert bad" aria-labelledby="why">
    <h2 id="why">Limits of the guard</h2>
    ${trips.length === 0 && html`<p>The plan is not the one that was approved.</p>`}
    <ul>
      ${trips.map((trip) => html`<li>${describeTrip(trip)}</li>`)}
    </ul>
    <p>
      Nothing is sent if a plan exceeds a limit. If these changes are intended, approve exactly this plan with
      its hash:
      <code class="hash">${hash}</code>
    </p>
  </section>`;
}
