import { html, type Html } from './html.js';
import { timeline } from './timeline.js';
import { bytes, count, duration, OUTCOMES, plural, shortened } from './words.js';
import type { RunSummary, SessionSummary, WaitSummary } from '../summary.js';

/** The most sessions that the report lists; `summary.json` has the others. */
const MOST_SESSIONS = 60;

const WAITS: Readonly<Record<WaitSummary['reason'], string>> = {
  'session-cooldown': 'between sessions',
  import: 'for imports',
  'rate-limit': 'for rate limits',
  'read-only': "for Okta's read-only mode",
  'back-off': 'after failed requests',
};

/** The timeline of the run, and a list of its sessions. */
export function sessions(summary: RunSummary): Html | undefined {
  const { sessions: all, sent, settled } = summary;
  const drawn = timeline(summary);
  if (all.length === 0 && drawn === undefined) return undefined;
  const shown = all.slice(0, MOST_SESSIONS);
  const total = Math.max(sent.sessions, all.length);
  const before = settled.completed + settled.dropped + settled.unknown;
  return html`<section class="wide" aria-labelledby="sessions">
    <h2 id="sessions">Sessions and waits</h2>
    <p class="soft">
      ${waited(summary)}${before > 0 && ` First, ${plural(before, 'session')} of an earlier run settled.`}
    </p>
    ${drawn}
    ${
      all.length > 0 &&
      html`<details ${all.length <= 6 && 'open'}>
        <summary>
          ${shown.length < total ? `The first ${shown.length} of ${plural(total, 'session')}` : plural(total, 'session')}
        </summary>
        <table>
          <caption>
            The content and the outcome of each session
          </caption>
          <thead>
            <tr>
              <th scope="col">Session</th>
              <th class="n" scope="col">Changes</th>
              <th class="n phone-not" scope="col">Requests</th>
              <th class="n phone-not" scope="col">Size</th>
              <th class="n" scope="col">Duration</th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            ${shown.map((session) => sessionRow(session, summary.endedAt))}
          </tbody>
        </table>
      </details>`
    }
  </section>`;
}

function sessionRow(session: SessionSummary, end: string): Html {
  const { number, sessionId, createdAt, requests, outcome, status, replayed } = session;
  const took = Date.parse(session.endedAt ?? end) - Date.parse(createdAt);
  return html`<tr>
    <th scope="row">${number} <span class="id soft phone-not">${shortened(sessionId, 60)}</span></th>
    <td class="n ${session.changes === 0 && 'zero'}">${count(session.changes)}</td>
    <td class="n phone-not">${count(requests)}</td>
    <td class="n phone-not">${bytes(session.bytes)}</td>
    <td class="n">${duration(took)}</td>
    <td>
      ${OUTCOMES[outcome]}${status !== undefined && ` (${status})`}${
        replayed !== undefined && html`<br /><span class="soft any">sent again: ${shortened(replayed)}</span>`
      }
    </td>
  </tr>`;
}

function waited({ waits }: RunSummary): string {
  const parts = waits.totals
    .filter(({ reason, ms }) => reason !== 'import' && ms > 0)
    .sort((a, b) => b.ms - a.ms)
    .map(({ reason, ms }) => `${duration(ms)} ${WAITS[reason]}`);
  return parts.length === 0 ? 'No waits between sessions or for rate limits.' : `Waits: ${parts.join(', ')}.`;
}
