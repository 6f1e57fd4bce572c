import { ENTITIES, type Entity } from '../../core/model.js';
import { html, type Html } from './html.js';
import { count, duration, plural } from './words.js';
import { changesList } from '../../core/entity-list.js';
import type { RunSummary } from '../summary.js';

type Plan = NonNullable<RunSummary['plan']>;

const LOOKS = ['same', 'update', 'create', 'delete'] as const;
const LEGEND: Readonly<Record<(typeof LOOKS)[number], string>> = {
  same: 'unchanged',
  update: 'update',
  create: 'create',
  delete: 'delete',
};

/** The plan: the share of each entity that changes, the requests and sessions, and the hash. */
export function planCard(summary: RunSummary): Html | undefined {
  const { plan, sources } = summary;
  if (plan === undefined) return undefined;
  const shown = ENTITIES.filter((entity) => sources[entity] !== undefined);
  return html`<section aria-labelledby="plan">
    <h2 id="plan">The plan</h2>
    <p class="soft">${size(plan)}</p>
    <div class="shares">${shown.map((entity) => shares(plan, entity))}</div>
    <ul class="legend">
      ${LOOKS.map((look) => html`<li><span class="dot ${look}"></span>${LEGEND[look]}</li>`)}
    </ul>
    ${
      // The alert about exceeded limits already shows the hash.
      plan.trips.length === 0 &&
      summary.status !== 'stopped' &&
      html`<p class="soft">
        ${summary.status === 'planned' && 'The guard accepts this plan. '}Hash of exactly these changes:
        <code class="hash">${plan.hash}</code>
      </p>`
    }
  </section>`;
}

function size(plan: Plan): string {
  const changes = changesList(plan.entities);
  if (changes === undefined) return 'No change.';
  const [least, most] = [duration(plan.leastMs), duration(plan.mostMs)];
  const time = plan.mostMs === 0 ? '' : least === most ? `, about ${most}` : `, ${least} to ${most}`;
  return `${changes} in ${plural(plan.requests, 'request')} and ${plural(plan.sessions, 'session')}${time}.`;
}

/** One entity: its records in Okta and in the plan, as unchanged, updated, created and deleted. */
function shares({ entities, population }: Plan, entity: Entity): Html {
  const { creates, updates, deletes } = entities[entity];
  const same = Math.max(0, population[entity] - updates - deletes);
  const parts = { same, update: updates, create: creates, delete: deletes };
  const total = Math.max(1, same + updates + creates + deletes);
  const share = ((updates + creates + deletes) / total) * 100;
  let from = 0;
  const rects = LOOKS.map((look) => {
    const width = (parts[look] / total) * 100;
    const x = from;
    from += width;
    return (
      parts[look] > 0 &&
      html`<rect class="fill-${look}" x="${x.toFixed(3)}%" width="${width.toFixed(3)}%" height="14"></rect>`
    );
  });
  const label = LOOKS.map((look) => `${LEGEND[look]} ${count(parts[look])}`).join(', ');
  return html`<span>${entity}</span>
    <svg height="14" role="img" aria-label="${entity}: ${label}">
      <rect class="track" width="100%" height="14"></rect>
      ${rects}
    </svg>
    <span>${share > 0 && share < 0.1 ? '< 0.1' : count(share)} %</span>`;
}
