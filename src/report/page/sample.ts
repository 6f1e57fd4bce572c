import { SAMPLE_OUTCOMES, type SampleOutcome } from '../../core/sample-results.js';
import { differenceId, type Difference } from '../../core/verify-results.js';
import type { RunSummary } from '../summary.js';
import { html, type Html } from './html.js';
import { count, plural, shortened } from './words.js';

const WORDS: Readonly<Record<SampleOutcome, string>> = {
  same: 'as sent',
  missing: 'missing at Okta',
  differing: 'differing',
  foreign: 'still there after the deletion',
  undetermined: 'undetermined',
};

/** What Okta has of some of the confirmed changes. */
export function sample({ sample: report }: RunSummary): Html | undefined {
  if (report === undefined) return undefined;
  const { confirmed, counts, differences, examples, repaired, notes } = report;
  const chosen = SAMPLE_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  return html`<section class="wide" aria-labelledby="sample">
    <h2 id="sample">Read back from Okta</h2>
    <table>
      <caption>
        ${plural(chosen, 'change')}, chosen at random from ${plural(confirmed, 'confirmed change')}.
      </caption>
      <thead>
        <tr>
          <th scope="col">Found</th>
          <th class="n" scope="col">Changes</th>
        </tr>
      </thead>
      <tbody>
        ${SAMPLE_OUTCOMES.map(
          (outcome) =>
            html`<tr>
              <th scope="row">${WORDS[outcome]}</th>
              <td class="n">${count(counts[outcome])}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${
      examples.length > 0 &&
      html`<ul>
        ${examples.map(line)}
      </ul>`
    }
    ${differences > examples.length && html`<p class="soft">And ${count(differences - examples.length)} more.</p>`}
    ${notes.map((note) => html`<p>${shortened(note, 600)}</p>`)}
    ${
      repaired > 0 &&
      html`<p>
        The state doubts ${plural(repaired, 'row')} now: the next sync sends what belongs there again.
      </p>`
    }
  </section>`;
}

function line(difference: Difference): Html {
  const { entity, status, attributes } = difference;
  const names = attributes.length === 0 ? '' : `: ${attributes.join(', ')}`;
  return html`<li>
    ${entity.slice(0, -1)} <span class="id">${shortened(differenceId(difference), 120)}</span>
    ${WORDS[status as SampleOutcome]}${names}
  </li>`;
}
