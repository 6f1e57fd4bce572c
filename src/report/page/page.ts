import { html } from './html.js';
import { alert } from './alert.js';
import { counts } from './counts.js';
import { header, headlineOf } from './headline.js';
import { attributes, rejects } from './lists.js';
import { planCard } from './plan.js';
import { sample } from './sample.js';
import { sessions } from './sessions.js';
import { STYLE } from './style.js';
import { plural } from './words.js';
import type { RunSummary } from '../summary.js';

/**
 * The HTML report: one file without scripts, external pictures or fonts, and with a policy that forbids it to load
 * anything, so that it can be mailed and opened anywhere. It shows only the content of the summary.
 */
export function reportPage(summary: RunSummary): string {
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <title>${headlineOf(summary).title} · rollcall</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          ${header(summary)}
          <div class="grid">
            ${alert(summary)} ${sample(summary)} ${sessions(summary)} ${counts(summary)} ${planCard(summary)}
            ${attributes(summary)} ${rejects(summary)}
          </div>
        </main>
        <footer>
          <p>
            Other files of this report: <a href="summary.json">summary.json</a> for programs,
            <a href="changes.csv">changes.csv</a> with ${plural(rows(summary), 'row')} of changes and their
            outcomes, <a href="rejects.csv">rejects.csv</a> with
            ${plural(summary.rejected.listed, 'rejected record')}. The files contain external ids and names of
            attributes, but no profile values.
          </p>
        </footer>
      </body>
    </html>`.text
  }\n`;
}

function rows({ outcomes: { confirmed, refused, unknown } }: RunSummary): number {
  return confirmed + refused + unknown;
}
