import { framed } from './frame.js';
import { html } from './html.js';
import { alert, guardAlert } from './alert.js';
import { changes } from './changes.js';
import { counts } from './counts.js';
import { downloads } from './downloads.js';
import { header, headlineOf } from './headline.js';
import { attributes, rejects } from './lists.js';
import { planCard } from './plan.js';
import { sample } from './sample.js';
import { sessions } from './sessions.js';
import { plural, shortened } from './words.js';
import type { RunSummary } from '../summary.js';

/**
 * The HTML report of a run. It shows only the content of the summary.
 *
 * @param contentOf - the whole content of another file of the report, if the page shall contain it
 */
export function reportPage(
  summary: RunSummary,
  contentOf: (name: string) => string | undefined = () => undefined,
): string {
  return framed({
    title: headlineOf(summary).title,
    main: html`${header(summary)}
      <div class="grid">
        ${alert(summary)} ${changes(summary, 'delete')} ${changes(summary, 'create')}
        ${changes(summary, 'update')} ${guardAlert(summary)} ${rejects(summary)} ${counts(summary)}
        ${planCard(summary)} ${attributes(summary)} ${sample(summary)} ${sessions(summary)}
      </div>`,
    footer: html`<p>
        Files of this report. They contain external ids and names of attributes, ${valuesOf(summary)}.
      </p>
      ${downloads(files(summary).map(([name, what]) => ({ name, what, content: contentOf(name) })))}`,
  });
}

function files(summary: RunSummary): readonly (readonly [name: string, what: string])[] {
  return [
    ...(summary.planned === undefined ? [] : ([['planned.csv', 'every change of the plan']] as const)),
    ['changes.csv', `${plural(rows(summary), 'change')} with outcomes`],
    ['rejects.csv', plural(summary.rejected.listed, 'rejected or refused record')],
    ['summary.json', 'for programs'],
  ];
}

function rows({ outcomes: { confirmed, refused, unknown } }: RunSummary): number {
  return confirmed + refused + unknown;
}

/** The profile values that the files have. */
function valuesOf({ planned = [] }: RunSummary): string {
  const names = new Set(planned.flatMap(({ attributes: shown = [] }) => shown));
  if (names.size === 0) return 'but no profile values';
  const list = Array.from(names, (name) => shortened(name, 60)).join(', ');
  return `and this page and summary.json the allowed values of ${list}`;
}
