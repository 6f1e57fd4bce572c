import { ENTITIES, type Entity } from '../../core/model.js';
import type { KindCounts } from '../../core/results.js';
import { html, type Html } from './html.js';
import { bytes, count, plural } from './words.js';
import type { RunSummary } from '../summary.js';

interface Row {
  readonly name: string;
  readonly look?: 'create' | 'update' | 'delete';
  /** The number; undefined is shown as a dash. */
  readonly value: (entity: Entity) => number | undefined;
}

const KINDS: readonly (readonly [keyof KindCounts, 'create' | 'update' | 'delete', string, string])[] = [
  ['creates', 'create', 'create', 'created'],
  ['updates', 'update', 'update', 'updated'],
  ['deletes', 'delete', 'delete', 'deleted'],
];

/** A table of users, groups and memberships: records read, changes planned and changes confirmed. */
export function counts(summary: RunSummary): Html {
  const { sources, plan, sent, status } = summary;
  const entities = ENTITIES.filter(
    (entity) => sources[entity] !== undefined || (plan?.population[entity] ?? 0) > 0,
  );
  const shown = entities.length > 0 ? entities : ENTITIES;
  const known = (entity: Entity) => sources[entity] !== undefined;
  const groups: (readonly [string, readonly Row[]])[] = [
    [
      'Read',
      [
        { name: 'records', value: (entity) => sources[entity]?.read },
        { name: 'unchanged', value: (entity) => sources[entity]?.unchanged },
        { name: 'rejected', value: (entity) => sources[entity]?.rejected },
        ...ifAny({ name: 'refused in an earlier run', value: (entity) => sources[entity]?.refusedBefore }),
        ...ifAny({ name: 'left out', value: (entity) => sources[entity]?.leftOut }),
      ],
    ],
  ];
  if (plan !== undefined)
    groups.push([
      'Planned',
      [
        ...KINDS.map(([kind, look, name]) => {
          return {
            name,
            look,
            value: (entity: Entity) => (known(entity) ? plan.entities[entity][kind] : undefined),
          };
        }),
        ...ifAny({ name: 'deletions held back', value: (entity) => plan.heldBackDeletes[entity] }),
        ...ifAny({ name: 'not selected', value: (entity) => sources[entity]?.unsent }),
        { name: 'in Okta before', value: (entity) => plan.population[entity] },
      ],
    ]);
  if (status !== 'planned' && sent.sessions > 0)
    groups.push([
      'Confirmed by Okta',
      KINDS.map(([kind, look, , name]) => {
        return {
          name,
          look,
          value: (entity: Entity) => (known(entity) ? sent.confirmed[entity][kind] : undefined),
        };
      }),
    ]);
  return html`<section class="${summary.attributes.top.length > 0 && 'tall'}" aria-labelledby="counts">
    <h2 id="counts">Counts</h2>
    <table>
      <caption>
        ${caption(summary)}
      </caption>
      <thead>
        <tr>
          <td></td>
          ${shown.map((entity) => html`<th class="n" scope="col">${entity}</th>`)}
        </tr>
      </thead>
      ${groups.map(
        ([name, rows]) =>
          html`<tbody class="group">
            <tr>
              <th scope="rowgroup" colspan="${shown.length + 1}">${name}</th>
            </tr>
            ${rows.map((row) => tableRow(row, shown))}
          </tbody>`,
      )}
    </table>
    ${heldBack(summary)}
  </section>`;
}

/** The row, unless it has only zeros. */
function ifAny(row: Row): Row[] {
  return ENTITIES.some((entity) => (row.value(entity) ?? 0) > 0) ? [row] : [];
}

function tableRow({ name, look, value }: Row, entities: readonly Entity[]): Html {
  return html`<tr>
    <th scope="row">${look !== undefined && html`<span class="dot ${look}"></span>`}${name}</th>
    ${entities.map((entity) => {
      const n = value(entity);
      return html`<td class="n ${(n ?? 0) === 0 && 'zero'}">${n === undefined ? '–' : count(n)}</td>`;
    })}
  </tr>`;
}

function caption({ plan, sent, status }: RunSummary): string {
  if (status !== 'planned' && sent.sessions > 0)
    return `Sent: ${plural(sent.requests, 'request')} in ${plural(sent.sessions, 'session')}, ${bytes(sent.bytes)}`;
  return plan === undefined
    ? 'The run ended before its plan was complete.'
    : 'Records read, and changes planned';
}

function heldBack({ plan }: RunSummary): Html | undefined {
  if (plan === undefined || !ENTITIES.some((entity) => plan.heldBackDeletes[entity] > 0)) return undefined;
  return html`<p class="soft">
    Deletions are held back because a record could not be identified: it may be any of the missing ones. A
    group of which a membership is held back is held back with it.
  </p>`;
}
