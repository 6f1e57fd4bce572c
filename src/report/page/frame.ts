import { html, type Html } from './html.js';
import { STYLE } from './style.js';

/** The parts of a page. */
export interface PageParts {
  readonly title: string;
  readonly main: Html;
  readonly footer: Html;
}

/**
 * An HTML page: one file without scripts, external pictures or fonts, and with a policy that forbids it to load anything, so that
 * it can be mailed and opened anywhere.
 */
export function framed({ title, main, footer }: PageParts): string {
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
        <title>${title} · rollcall</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>${main}</main>
        <footer>${footer}</footer>
      </body>
    </html>`.text
  }\n`;
}
