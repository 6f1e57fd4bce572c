import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sampleFiles } from '../../examples/data/generate.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function run(example: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join('examples', example)],
    { cwd: root, timeout: 50_000 },
  );
  return stdout;
}

/** What each example prints: all of it, or parts that must be there. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'demo.ts': [
    'Okta now holds 1200 active users, 40 groups, 2956 memberships',
    'plan: users +0 ~0 -0, groups +0 ~0 -0, memberships +0 ~0 -0 (0 requests, 0 sessions)',
    'plan: users +12 ~30 -10, groups +0 ~1 -0, memberships +38 ~0 -25',
    'guard: users deletePercent',
    'Okta now holds 1202 active users, 40 groups, 2969 memberships',
  ],
  'people-from-csv.ts': ['rejected 009001: firstName', '1200 people created, 6 requests in 1 session'],
  'plan-before-sync.ts': [
    'planned: 100 deletions; the guard would stop it: deletePercent',
    'still has 200 active users',
    'approved: Okta has 100 active users',
  ],
  'your-own-operator.ts': ['1 CC-100\n2 null\n3 CC-300\n'],
  'watch-a-sync.ts': [
    'sent upsert of 1 users\nsent upsert of 1 groups\nsent upsert of 1 memberships',
    'users,2,email,NOT_AN_EMAIL,is no email address',
  ],
};

describe('the examples', () => {
  it('are all tested', () => {
    const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));
    expect(Object.keys(expected).sort()).toEqual(examples.sort());
  });

  for (const [example, parts] of Object.entries(expected)) {
    it(`${example} prints what it should`, async () => {
      const stdout = await run(example);
      for (const part of parts) expect(stdout).toContain(part);
    });
  }

  it('the sample directory is what its generator makes', () => {
    for (const [path, text] of sampleFiles())
      expect(readFileSync(join(root, 'examples/data', path), 'utf8'), path).toBe(text);
  });
});
