import { html, Html } from './html.js';
import { hashSource, SCRIPT_ELEMENT, SCRIPT_SOURCE } from './script.js';
import { STYLE } from './style.js';

/** The parts of a page. */
export interface PageParts {
  readonly title: string;
  readonly main: Html;
  readonly footer: Html;
}

/** No page may load anything, and it runs and shows only our own script and style. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashSource(STYLE.text)}`,
  `script-src ${SCRIPT_SOURCE}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The policy has the hash of the style, so that nothing may stand around it. */
const STYLE_ELEMENT = new Html(`<style>${STYLE.text}</style>`);

/**
 * An HTML page: one file without external scripts, pictures or fonts, and with a policy that forbids it to load anything, so that it can
 * be mailed and opened anywhere. Everything can be read without its script.
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
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <title>${title} · rollcall</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>${main}</main>
        <footer>${footer}</footer>
        ${SCRIPT_ELEMENT}
      </body>
    </html>`.text
  }\n`;
}
