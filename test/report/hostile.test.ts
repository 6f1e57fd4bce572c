import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { escapeHtml, html } from '../../src/report/page/html.js';
import type { ReportFiles } from '../../src/report/run-report.js';
import { HOSTILE, hostileDay } from './hostile-day.js';

let directory: string;
let files: ReportFiles;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-hostile-'));
  files = await hostileDay(join(directory, 'report'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function rowsOf(path: string): Record<string, string>[] {
  return parse(readFileSync(path, 'utf8'), { columns: true });
}

/** As a spreadsheet shows it: guarded text has an apostrophe before it. */
function guarded(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

describe('hostile content', () => {
  it('every id arrives in the CSV files as it is, but guarded where it would be a formula', () => {
    const even = HOSTILE.filter((_, i) => i % 2 === 0);
    const odd = HOSTILE.filter((_, i) => i % 2 === 1);
    expect(
      rowsOf(files.changes)
        .map((row) => row['externalId'])
        .sort(),
    ).toEqual(even.map(guarded).sort());
    expect(
      rowsOf(files.rejects)
        .filter((row) => row['rejectedBy'] === 'rollcall')
        .map((row) => row['externalId']),
    )
      // An id with a character that nobody can see may be that of anybody, and is no key.
      .toEqual(odd.map((id) => (/[\0\u202e]/.test(id) ? '' : guarded(id))));
    expect(
      rowsOf(files.rejects)
        .filter((row) => row['rejectedBy'] === 'okta')
        .map((row) => row['externalId']),
    ).toEqual([HOSTILE[0]]);
  });

  it('our own reader reads the same rows', async () => {
    const rows: Record<string, unknown>[] = [];
    for await (const row of fromCsv(files.changes)) rows.push({ ...row });
    expect(rows.map((row) => row['externalId'])).toEqual(
      rowsOf(files.changes).map((row) => row['externalId']),
    );
  });

  it('names of attributes are apart even where they hold the separator', () => {
    const named = rowsOf(files.changes)
      .filter((row) => row['kind'] === 'update')
      .map((row) => row['changedAttributes']);
    expect(new Set(named)).toEqual(new Set(['<b onmouseover="x()">\\;back\\\\slash']));
  });

  it('the page has no markup but its own', () => {
    const page = readFileSync(files.page, 'utf8');
    const tags = new Set(
      Array.from(page.matchAll(/<\/?([a-z][\w-]*)/gi), (match) => match[1]?.toLowerCase()),
    );
    for (const tag of ['img', 'b', 'iframe', 'link', 'object']) expect(tags.has(tag), tag).toBe(false);
    expect(page.match(/<style/g)).toHaveLength(1);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<[^>]*\son\w+=/);
    expect(page).toContain('&lt;script&gt;document.title=&quot;owned&quot;&lt;/script&gt;');
    expect(page).toContain('&lt;b onmouseover=&quot;x()&quot;&gt;;back\\slash');
  });

  it('what cannot be seen is shown', () => {
    expect(escapeHtml('a\u202eb\u0000c\nd\u2028e\u200bf')).toBe(
      'a\\u{202e}b\\u{0000}c\\u{000a}d\\u{2028}e\\u{200b}f',
    );
    expect(escapeHtml('Zoë 李 🙂 \ud800')).toBe('Zoë 李 🙂 \\u{d800}');
    expect(readFileSync(files.page, 'utf8')).toContain('carriage\\u{000d}return');
  });

  it('a template escapes text wherever it stands, and nothing that is markup already', () => {
    const inner = html`<i>${'<&"\'`>'}</i>`;
    expect(html`<p title="${'"x'}">${[inner, false, undefined, 0]}</p>`.text).toBe(
      '<p title="&quot;x"><i>&lt;&amp;&quot;&#39;&#96;&gt;</i>0</p>',
    );
  });
});
