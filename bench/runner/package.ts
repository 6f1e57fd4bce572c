import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './compile.js';

/** The newest change below a folder. */
function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (name) => statSync(join(folder, name)).mtimeMs,
    ),
  );
}

/** The folder of the compiled package; compiled anew when its sources are newer than what was built. */
export function builtPackage(): string {
  const dist = join(ROOT, 'dist');
  const stale =
    statSync(join(dist, 'index.js'), { throwIfNoEntry: false }) === undefined ||
    newest(dist) < newest(join(ROOT, 'src'));
  if (stale) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'inherit' });
  return dist;
}
