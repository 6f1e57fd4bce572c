import { html, type Html } from './html.js';

/** A file beside a page. */
export interface SideFile {
  readonly name: string;
  /** What it contains, after its name. */
  readonly what: string;
  /** The whole content, if it is small enough to be part of the page. */
  readonly content: string | undefined;
}

/** The links to files: a file that is part of the page can be saved from a page that was mailed. */
export function downloads(files: readonly SideFile[]): Html {
  return html`<ul>
    ${files.map(({ name, what, content }) =>
      content === undefined
        ? html`<li><a href="${name}">${name}</a>, ${what} (beside this page)</li>`
        : html`<li>
            <a href="${dataUrl(name, content)}" download="${name}">${name}</a>, ${what} (part of this page)
          </li>`,
    )}
  </ul>`;
}

function dataUrl(name: string, content: string): string {
  const type = name.endsWith('.json') ? 'application/json' : 'text/csv;charset=utf-8';
  return `data:${type};base64,${Buffer.from(content).toString('base64')}`;
}
