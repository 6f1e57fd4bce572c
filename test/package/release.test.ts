import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let clone = '';
const git = (...args: readonly string[]) =>
  spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: clone });

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'rollcall-release-'));
  mkdirSync(join(clone, '.ci'));
  cpSync(join(root, '.ci/release'), join(clone, '.ci/release'));
  writeFileSync(join(clone, 'package.json'), '{"name":"x","version":"1.2.3"}');
  writeFileSync(join(clone, 'CHANGELOG.md'), '## 1.2.3\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'all');
});
afterEach(() => rmSync(clone, { recursive: true }));

/** Runs the script without a registry; it stops before it would need one. */
function release(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { status, stderr } = spawnSync('bash', ['.ci/release', ...args], {
    cwd: clone,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: clone, ...env },
  });
  return { status, stderr: stderr.trim() };
}

describe('the release', () => {
  it('needs a token, and says so', () => {
    expect(release()).toEqual({
      status: 1,
      stderr: 'release: NPM_TOKEN is not set; set it to a token that may publish',
    });
  });

  it('is made of commits only', () => {
    writeFileSync(join(clone, 'new.txt'), '');
    expect(release([], { NPM_TOKEN: 'secret' }).stderr).toContain('changes that are not committed');
  });

  it('has a section in the changelog', () => {
    writeFileSync(join(clone, 'CHANGELOG.md'), '## Unreleased\n');
    git('commit', '--quiet', '-am', 'unreleased');
    expect(release([], { NPM_TOKEN: 'secret' }).stderr).toContain('CHANGELOG.md has no section 1.2.3');
  });

  it('takes no other argument, and no message has the token', () => {
    const { status, stderr } = release(['--force'], { NPM_TOKEN: 'secret' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'release: the only argument is --dry-run' });
  });
});
