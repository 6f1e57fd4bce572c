import type { RunOrigin } from '../origin.js';
import { html, type Html } from './html.js';
import { dateTime, duration } from './words.js';

/** The most sources that are named. */
const MOST_SOURCES = 6;

/** Where and when a run took place: org, sources, command, host and time. */
export function facts(origin: RunOrigin, startedAt: string, endedAt: string): Html {
  const { orgUrl, identitySourceId, sources = [], command, host, timeZone } = origin;
  const took = Date.parse(endedAt) - Date.parse(startedAt);
  const named = sources.slice(0, MOST_SOURCES).join(', ');
  const more = sources.length > MOST_SOURCES ? ` and ${sources.length - MOST_SOURCES} more` : '';
  const time = dateTime(startedAt, timeZone);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['Org', orgUrl],
    ['Identity source', identitySourceId],
    ['From', named === '' ? undefined : `${named}${more}`],
    ['Command', command],
    ['Host', host],
    ['Time', took > 0 ? `${time}, ${duration(took)}` : time],
  ];
  return html`<dl class="facts">
    ${lines.map(
      ([name, value]) =>
        value !== undefined &&
        html`<div>
          <dt>${name}</dt>
          <dd class="any">${name === 'Command' ? html`<code>${value}</code>` : value}</dd>
        </div>`,
    )}
  </dl>`;
}
