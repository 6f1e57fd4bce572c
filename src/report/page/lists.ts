import { basename } from 'node:path';
import type { AttributeCount } from '../changes-file.js';
import { html, type Html, type Part } from './html.js';
import { count, plural, shortened } from './words.js';
import type { RejectedRecord, RejectReason } from '../rejects-file.js';
import type { RunSummary } from '../summary.js';

/** The most entries of each list that the report shows; the files contain all. */
const MOST_ATTRIBUTES = 12;
const MOST_REASONS = 12;
/** The most records that are named beside a reason. */
const MOST_IDS = 8;
/** What makes a reason. */
const REASON = ['rejectedBy', 'entity', 'field', 'code', 'reason'] as const;

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

/** The records that were rejected, by reason with the first ids, and those that Okta refused, by id. */
export function rejects({ rejected }: RunSummary): Html | undefined {
  const { rollcall, okta, reasons, first, listed, otherReasons } = rejected;
  if (rollcall + okta === 0) return undefined;
  const shown = reasons.slice(0, MOST_REASONS);
  const rest = reasons.slice(MOST_REASONS).reduce((sum, reason) => sum + reason.count, otherReasons);
  const refused = first.filter(({ rejectedBy }) => rejectedBy === 'okta');
  return html`<section class="wide" aria-labelledby="rejects">
    <h2 id="rejects">Records that were rejected or refused</h2>
    <table>
      <caption>
        ${rejectCaption(rollcall, okta)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Reason, and the first records</th>
          <th class="n" scope="col">Records</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((reason) => reasonRow(reason, first))}
      </tbody>
    </table>
    ${rest > 0 && html`<p class="soft">${plural(rest, 'record')} for other reasons.</p>`}
    ${
      rollcall + okta > listed &&
      html`<p class="soft">
        Only ${count(listed)} of them are listed: the report did not receive the others one by one.
      </p>`
    }
    ${refused.length > 0 && refusedList(refused, okta)}
  </section>`;
}

function refusedList(records: readonly RejectedRecord[], all: number): Html {
  return html`<div class="scroll" role="region" aria-label="Refused by Okta" tabindex="0">
    <table class="searchable" data-what="refused records">
      <caption>
        <strong>Refused by Okta: ${plural(all, 'record')}</strong
        >${records.length < all && `: the first ${count(records.length)}; all of them are in rejects.csv`}
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
  </div>`;
}

function rejectCaption(rollcall: number, okta: number): string {
  const parts = [
    rollcall > 0 && `${plural(rollcall, 'record')} rejected before anything was sent`,
    okta > 0 && `${count(okta)} refused by Okta`,
  ].filter((part) => part !== false);
  return `${parts.join('; ')}. Such a record is never deleted in Okta.`;
}

function reasonRow(of: RejectReason, first: readonly RejectedRecord[]): Html {
  const { rejectedBy, entity, field, code, reason, count: n } = of;
  const records = first.filter((one) => REASON.every((name) => one[name] === of[name])).slice(0, MOST_IDS);
  return html`<tr>
    <th scope="row" class="why">
      ${why(field, reason)}
      <small>${entity} · ${rejectedBy === 'okta' && 'Okta · '}<code>${shortened(code, 60)}</code></small>
      ${
        records.length > 0 &&
        html`<div class="soft">
          ${records.map((record, i) => [i > 0 && ', ', recordId(record), placeOf(record)])}${n > records.length && ', …'}
        </div>`
      }
    </th>
    <td class="n">${count(n)}</td>
  </tr>`;
}

function recordRow(record: RejectedRecord): Html {
  const { entity, field, reason } = record;
  return html`<tr>
    <th scope="row" class="rec">${recordId(record)} <small>${entity}${placeOf(record)}</small></th>
    <td class="any">${why(field, reason)}</td>
  </tr>`;
}

function recordId({ externalId }: RejectedRecord): Html {
  return externalId === undefined
    ? html`<em>no external id</em>`
    : html`<span class="id">${shortened(externalId)}</span>`;
}

/** The place of a record in its source, in brackets; nothing if it is not known. */
function placeOf({ file, line, position }: RejectedRecord): string {
  if (file === undefined && line === undefined)
    return position === undefined ? '' : ` (record ${count(position)})`;
  const parts = [file === undefined ? 'line' : shortened(basename(file), 80), line];
  return ` (${parts.filter((part) => part !== undefined).join(':')})`;
}

function why(field: string | undefined, reason: string): Part {
  return [
    field !== undefined && html`<span class="id">${shortened(field, 60)}</span> `,
    shortened(reason, 300),
  ];
}
