import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const kernel = fileURLToPath(new URL('../../../src/screening/kernel/', import.meta.url));

it('the module that is kept in the repository is what its sources are compiled to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-module-'));
  try {
    const target = join(folder, 'module.ts');
    execFileSync(process.execPath, [join(kernel, 'assembly/build.mjs'), target]);
    // Not compared by `toBe`, which would print both: `npm run build:kernel` is all there is to do about it.
    expect(readFileSync(target, 'utf8') === readFileSync(join(kernel, 'module.ts'), 'utf8')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
