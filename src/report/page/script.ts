import { createHash } from 'node:crypto';
import { Html } from './html.js';

/**
 * The script of a page: it adds a field for searching above each table of the class `searchable`, and buttons for sorting to its heads.
 * Without it the page has the same content. It reads and moves rows of the page only, and loads nothing.
 */
const SCRIPT = `
for (const table of document.querySelectorAll('table.searchable')) {
  const body = table.tBodies[0], rows = Array.from(body.rows);
  if (rows.length < 2) continue;
  const what = table.dataset.what, line = document.createElement('p'), label = document.createElement('label');
  const field = document.createElement('input'), shown = document.createElement('output');
  line.className = 'search'; field.type = 'search'; field.autocomplete = 'off';
  label.append('Search ' + what + ' ', field); line.append(label, ' ', shown);
  (table.closest('.scroll') || table).before(line);
  const find = () => {
    const text = field.value.trim().toLowerCase();
    let n = 0;
    for (const row of rows) { row.hidden = !row.textContent.toLowerCase().includes(text); if (!row.hidden) n++; }
    shown.textContent = text === '' ? '' : n + ' of ' + rows.length;
  };
  field.addEventListener('input', find);
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, i) => {
    const button = document.createElement('button');
    button.type = 'button'; button.append(...head.childNodes); head.append(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const textOf = (row) => row.cells[i].textContent.trim();
      rows.sort((a, b) => textOf(a).localeCompare(textOf(b), 'en', { numeric: true }) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
}
`;

/** The script as an element. */
export const SCRIPT_ELEMENT = new Html(`<script>${SCRIPT}</script>`);

/** The source of a text in a content security policy. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The script in a content security policy: no other script runs. */
export const SCRIPT_SOURCE = hashSource(SCRIPT);
