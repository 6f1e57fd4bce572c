import type { AttributeCount } from '../changes-file.js';
import { html, type Html, type Part } from './html.js';
import { count, plural, shortened } from './words.js';
import type { RejectedRecord, RejectReason } from '../rejects-file.js';
import type { RunSummary } from '../summary.js';

/** The most entries of each list that the report shows; the files contain all. */
const MOST_ATTRIBUTES = 12;
const MOST_REASONS = 12;
const MOST_RECORDS = 50;

/** The attributes that changed most, as bars. */
export function attributes({ attributes: { top, others, unnamedUpdates } }: RunSummary): Html | undefined {
  if (top.length === 0) return undefined;
  const shown = top.slice(0, MOST_ATTRIBUTES);
  const most = shown[0]?.updates ?? 1;
  const rest = top.slice(MOST_ATTRIBUTES).reduce((sum, { updates }) => sum + updates, others);
  return html`<section aria-labelledby="attributes">
    <h2 id="attributes">Attributes that changed most</h2>
    <table>
      <caption>
        Confirmed updates by attribute. Only the names of attributes are stored, not their values.
      </caption>
      <thead>
        <tr>
          <th scope="col">Attribute</th>
          <th class="n" scope="col">Updates</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((attribute) => attributeRow(attribute, most))}
      </tbody>
    </table>
    ${rest > 0 && html`<p class="soft">${plural(rest, 'change')} of other attributes.</p>`}
    ${
      unnamedUpdates > 0 &&
      html`<p class="soft">The changed attributes of ${plural(unnamedUpdates, 'update')} are unknown.</p>`
    }
  </section>`;
}

function attributeRow({ entity, attribute, updates }: AttributeCount, most: number): Html {
  const share = Math.max((updates / most) * 100, 1).toFixed(2);
  return html`<tr>
    <th scope="row">
      <div class="named">
        <span><span class="id">${shortened(attribute, 60)}</span>${entity === 'groups' && ' (groups)'}</span>
        <svg height="6" aria-hidden="true">
          <rect class="track" width="100%" height="6" rx="3"></rect>
          <rect class="loading" width="${share}%" height="6" rx="3"></rect>
        </svg>
      </div>
    </th>
    <td class="n">${count(updates)}</td>
  </tr>`;
}

/** The records that were rejected or refused: the reasons first, then the first records. */
export function rejects({ rejected }: RunSummary): Html | undefined {
  const { rollcall, okta, reasons, first, listed, otherReasons } = rejected;
  if (rollcall + okta === 0) return undefined;
  const shown = reasons.slice(0, MOST_REASONS);
  const rest = reasons.slice(MOST_REASONS).reduce((sum, reason) => sum + reason.count, otherReasons);
  const records = first.slice(0, MOST_RECORDS);
  return html`<section class="wide" aria-labelledby="rejects">
    <h2 id="rejects">Records that were rejected or refused</h2>
    <table>
      <caption>
        ${rejectCaption(rollcall, okta)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Reason</th>
          <th class="n" scope="col">Records</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((reason) => reasonRow(reason))}
      </tbody>
    </table>
    ${rest > 0 && html`<p class="soft">${plural(rest, 'record')} for other reasons.</p>`}
    ${
      rollcall + okta > listed &&
      html`<p class="soft">
        Only ${count(listed)} of them are listed: the report did not receive the others one by one.
      </p>`
    }
    ${records.length > 0 && recordList(records, listed)}
  </section>`;
}

function recordList(records: readonly RejectedRecord[], listed: number): Html {
  const all = records.length === listed;
  return html`<details ${records.length <= 10 && 'open'}>
    <summary>${!all && `The first ${count(records.length)} of `}${plural(listed, 'record')}</summary>
    <table>
      <caption>
        ${all ? 'They are also in rejects.csv.' : 'All of them are in rejects.csv.'}
      </caption>
      <thead>
        <tr>
          <th scope="col">Record</th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        ${records.map(recordRow)}
      </tbody>
    </table>
  </details>`;
}

function rejectCaption(rollcall: number, okta: number): string {
  const parts = [
    rollcall > 0 && `${plural(rollcall, 'record')} rejected before anything was sent`,
    okta > 0 && `${count(okta)} refused by Okta`,
  ].filter((part) => part !== false);
  return `${parts.join('; ')}. Such a record is never deleted in Okta.`;
}

function reasonRow({ rejectedBy, entity, field, code, reason, count: n }: RejectReason): Html {
  return html`<tr>
    <th scope="row" class="why">
      ${why(field, reason)}
      <small>${entity} · ${rejectedBy === 'okta' && 'Okta · '}<code>${shortened(code, 60)}</code></small>
    </th>
    <td class="n">${count(n)}</td>
  </tr>`;
}

function recordRow(record: RejectedRecord): Html {
  const { entity, externalId, file, line, position, field, reason } = record;
  const place =
    file !== undefined || line !== undefined
      ? [file === undefined ? 'line' : shortened(file, 80), line]
          .filter((part) => part !== undefined)
          .join(':')
      : position !== undefined && `record ${count(position)}`;
  return html`<tr>
    <th scope="row" class="rec">
      ${externalId === undefined ? html`<em>no external id</em>` : html`<span class="id">${shortened(externalId)}</span>`}
      <small>${entity}${place !== false && ` · ${place}`}</small>
    </th>
    <td class="any">${why(field, reason)}</td>
  </tr>`;
}

function why(field: string | undefined, reason: string): Part {
  return [
    field !== undefined && html`<span class="id">${shortened(field, 60)}</span> `,
    shortened(reason, 300),
  ];
}
