/**
 * Compiles the kernel and writes it into `module.ts`: `npm run build:kernel`. The result is kept in the repository, so that
 * building and installing the package needs no compiler; a test holds it to its sources.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const asc = join(
  dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')),
  'bin/asc.js',
);
const folder = mkdtempSync(join(tmpdir(), 'rollcall-kernel-'));

const FLAGS = [
  ['-O3', '--converge', '--noAssert'],
  ['--runtime', 'stub', '--use', 'abort='],
  ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ['--enable', 'simd', '--enable', 'threads'],
].flat();

try {
  const out = join(folder, 'kernel.wasm');
  execFileSync(process.execPath, [asc, join(here, 'index.ts'), '-o', out, ...FLAGS], { stdio: 'inherit' });
  const lines =
    readFileSync(out)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  const text = lines.map((line) => `  '${line}',`).join('\n');
  const target = process.argv[2] ?? join(here, '../module.ts');
  writeFileSync(
    target,
    `// Written by npm run build:kernel from src/screening/kernel/assembly; not to be changed by hand.\nexport const KERNEL_BASE64 = [\n${text}\n].join('');\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
