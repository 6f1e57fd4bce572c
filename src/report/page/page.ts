import { framed } from './frame.js';
import { html } from './html.js';
import { alert } from './alert.js';
import { counts } from './counts.js';
import { header, headlineOf } from './headline.js';
import { attributes, rejects } from './lists.js';
import { planCard } from './plan.js';
import { sample } from './sample.js';
import { sessions } from './sessions.js';
import { plural } from './words.js';
import type { RunSummary } from '../summary.js';

/** The HTML report of a run. It shows only the content of the summary. */
export function reportPage(summary: RunSummary): string {
  return framed({
    title: headlineOf(summary).title,
    main: html`${header(summary)}
      <div class="grid">
        ${alert(summary)} ${sample(summary)} ${sessions(summary)} ${counts(summary)} ${planCard(summary)}
        ${attributes(summary)} ${rejects(summary)}
      </div>`,
    footer: html`<p>
      Other files of this report: <a href="summary.json">summary.json</a> for programs,
      <a href="changes.csv">changes.csv</a> with ${plural(rows(summary), 'row')} of changes and their
      outcomes, <a href="rejects.csv">rejects.csv</a> with
      ${plural(summary.rejected.listed, 'rejected record')}. The files contain external ids and names of
      attributes, but no profile values.
    </p>`,
  });
}

function rows({ outcomes: { confirmed, refused, unknown } }: RunSummary): number {
  return confirmed + refused + unknown;
}
