import { ENTITIES, type Entity } from '../../core/model.js';
import type { RunSummary } from '../summary.js';
import { html, type Html } from './html.js';
import { count, dateTime } from './words.js';

const COLUMNS = ['read', 'created', 'updated', 'deleted'] as const;

/** The plan beside the last run, so that its numbers can be judged; undefined without a run before. */
export function lastRun({ origin, plan, sources }: RunSummary): Html | undefined {
  const last = origin?.lastRun;
  if (last === undefined || plan === undefined) return undefined;
  const shown = ENTITIES.filter((entity) => sources[entity] !== undefined);
  const planned = (entity: Entity): Readonly<Record<(typeof COLUMNS)[number], number>> => {
    const { creates, updates, deletes } = plan.entities[entity];
    return { read: sources[entity]?.read ?? 0, created: creates, updated: updates, deleted: deletes };
  };
  return html`<table>
    <caption>
      This plan, and in brackets the last run (${dateTime(last.endedAt, origin?.timeZone)})
    </caption>
    <thead>
      <tr>
        <td></td>
        ${COLUMNS.map((name) => html`<th class="n" scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${shown.map(
        (entity) =>
          html`<tr>
            <th scope="row">${entity}</th>
            ${COLUMNS.map((name) => {
              const before = last.entities[entity]?.[name];
              return html`<td class="n">
                ${count(planned(entity)[name])}
                <span class="soft">(${before === undefined ? '–' : count(before)})</span>
              </td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
