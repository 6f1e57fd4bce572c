import { html } from './html.js';
import { alert } from './alert.js';
import { counts } from './counts.js';
import { header, headlineOf } from './headline.js';
import { attributes, rejects } from './lists.js';
import { planCard } from './plan.js';
import { sessions } from './sessions.js';
import { STYLE } from './style.js';
import { count, plural } from './words.js';
import type { RunSummary } from '../summary.js';

/**
 * The page for a person: one file without scripts, pictures or fonts of its own, and with a policy that lets it load
 * nothing, so that it can be mailed and opened anywhere. It shows what the summary holds, and nothing else.
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
            ${alert(summary)} ${sessions(summary)} ${counts(summary)} ${planCard(summary)}
            ${attributes(summary)} ${rejects(summary)}
          </div>
        </main>
        <footer>
          <p>
            Beside this page: <a href="summary.json">summary.json</a> for programs,
            <a href="changes.csv">changes.csv</a> with ${plural(rows(summary), 'row')} of changes and their
            outcome, <a href="rejects.csv">rejects.csv</a> with ${count(summary.rejected.listed)}. No profile
            value is in any of them; external ids and names of attributes are.
          </p>
        </footer>
      </body>
    </html>`.text
  }\n`;
}

function rows({ outcomes: { confirmed, refused, unknown } }: RunSummary): number {
  return confirmed + refused + unknown;
}
