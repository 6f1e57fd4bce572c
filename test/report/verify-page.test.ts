import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ENTITIES } from '../../src/core/model.js';
import { DIFFERENCE_STATUSES, type Difference, type VerifyReport } from '../../src/core/verify-results.js';
import { escapeHtml } from '../../src/report/page/html.js';
import { createVerifyFiles } from '../../src/report/verify-files.js';
import { HOSTILE } from './hostile-day.js';

/** A report with these differences. */
function reportOf(all: readonly Difference[], more: Partial<VerifyReport> = {}): VerifyReport {
  const of = (entity: string, status: string) =>
    all.filter((one) => one.entity === entity && one.status === status).length;
  const counts = Object.fromEntries(
    ENTITIES.map((entity) => [
      entity,
      { same: 3, ...Object.fromEntries(DIFFERENCE_STATUSES.map((status) => [status, of(entity, status)])) },
    ]),
  ) as unknown as VerifyReport['counts'];
  return {
    counts,
    differences: all.length,
    examples: all.slice(0, 20),
    readUsers: 'pages',
    sample: undefined,
    repaired: 0,
    inFlight: 0,
    rejected: 0,
    notes: [],
    startedAt: new Date('2026-01-01T00:00:00Z'),
    endedAt: new Date('2026-01-01T00:01:30Z'),
    ...more,
  };
}

/** Writes the files of a report, and returns the page. */
async function written(all: readonly Difference[], more?: Partial<VerifyReport>) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-verify-page-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const files = createVerifyFiles(directory);
  for (const difference of all) files.add(difference);
  await files.finish(reportOf(all, more));
  return { directory, page: readFileSync(join(directory, 'verify.html'), 'utf8') };
}

const differing = (externalId: string, attributes: readonly string[] = ['email']): Difference => ({
  entity: 'users',
  status: 'differing',
  externalId,
  attributes,
});

describe('the page of verify', () => {
  it('shows what is the same, and lists differences by kind with ids and attributes', async () => {
    const all: Difference[] = [
      differing('u1', ['email', 'lastName']),
      differing('u2', []),
      { entity: 'users', status: 'missing', externalId: 'u3', attributes: [] },
      { entity: 'groups', status: 'missing', externalId: 'g1', attributes: [] },
      {
        entity: 'memberships',
        status: 'foreign',
        externalId: 'g2',
        memberExternalId: 'u4',
        attributes: [],
      },
      { entity: 'groups', status: 'foreign', externalId: undefined, attributes: [], oktaId: '00g1' },
    ];
    const { page, directory } = await written(all);
    expect(page).toContain(
      '<title>Not as expected in Okta: 3 users, 2 groups and 1 membership · rollcall</title>',
    );
    expect(Array.from(page.matchAll(/<h2 id="(\w+)"/g), ([, id]) => id)).toEqual([
      'counts',
      'missing',
      'differing',
      'foreign',
    ]);
    const cells = page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(cells).toContain(' u1 email, lastName ');
    expect(cells).toContain(' u2 not known ');
    expect(cells).toContain(' g2/u4 ');
    expect(cells).toContain(' Okta id 00g1 ');
    expect(cells).toContain(' Same 3 3 3 Missing 1 1 0 Differing 2 0 0 ');
    expect(readdirSync(directory).sort()).toEqual(['differences.csv', 'verify.html', 'verify.json']);
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  it('says that nothing differs, and what was not read', async () => {
    expect((await written([])).page).toContain('<h1>Okta is in step</h1>');
    const { page } = await written([], {
      sample: 4,
      readUsers: 'single',
      inFlight: 1,
      rejected: 2,
      notes: ['listGroups: Okta answered 403'],
      importedLater: { users: 5, newest: new Date(0), endedAt: new Date(0) },
    });
    expect(page).toContain('<h1>Nothing differs in what was read</h1>');
    for (const text of [
      'Only 4 groups',
      'one by one',
      '1 session in flight',
      '2 records of the sources rejected',
      'Okta answered 403',
      'Okta imported 5 users after',
    ])
      expect(page).toContain(text);
  });

  it('lists the first hundred of each kind; all are in the CSV file', async () => {
    const { page, directory } = await written(Array.from({ length: 250 }, (_, i) => differing(`u${i}.`)));
    expect(page).toMatch(/The first 100 of\s+250 users/);
    expect(page).toContain('u99.');
    expect(page).not.toContain('u100.');
    expect(readFileSync(join(directory, 'differences.csv'), 'utf8').split('\n')).toHaveLength(252);
  });

  it('has no markup but its own, and loads nothing, whatever the ids and names are', async () => {
    const { page } = await written(HOSTILE.map((id) => differing(id, [id, '<b onmouseover="x()">'])));
    const tags = new Set(Array.from(page.matchAll(/<\/?([a-z][\w-]*)/gi), ([, tag]) => tag?.toLowerCase()));
    for (const tag of ['img', 'b', 'iframe', 'link', 'object']) expect(tags.has(tag), tag).toBe(false);
    expect(page.match(/<style/g)).toHaveLength(1);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<[^>]*\son\w+=/);
    expect(page.replaceAll('&#39;', "'")).toMatch(
      /"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'"/,
    );
    for (const id of HOSTILE.filter(({ length }) => length < 100)) expect(page).toContain(escapeHtml(id));
  });
});
