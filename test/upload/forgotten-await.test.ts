import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compiled } from '../support/compiled.js';

function run(way: 'sends' | 'fails') {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-forgotten-'));
  try {
    const program = compiled('test/upload/forgotten-await.ts');
    const argv = [program, join(directory, 'state'), way];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    return { status, stdout: stdout.trim(), stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('an upload that is not awaited', () => {
  it('ends its work before the state is closed, and a warning names it', () => {
    const { stderr, ...rest } = run('sends');
    expect(rest).toEqual({ status: 0, stdout: '1 in Okta, 1 in the state' });
    expect(stderr).toContain('[ROLLCALL_FORGOTTEN_AWAIT] Warning: A state was closed while it was in use.');
  });

  it('reports its own failure, and not that of a state which is closed', () => {
    const { status, stderr } = run('fails');
    expect(status).toBe(1);
    expect(stderr).toContain('OktaAuthError');
    expect(stderr).not.toContain('the state is closed');
  });
});
