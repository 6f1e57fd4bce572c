import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const doc = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
  .sort();

/** Every module that a file names: static imports, exports from, and dynamic imports. */
function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(src, file), 'utf8'))
    .importedFiles.map(({ fileName }) => fileName);
}

/** Rows of the table in the architecture page whose header begins with these words. */
function table(header: string): Map<string, string[]> {
  const start = doc.search(new RegExp(`^\\| ${header} +\\|`, 'm'));
  const rows = doc.slice(start).split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return new Map(
    rows.map((row) => {
      const [name = '', list = ''] = row.split('|').slice(1, 3);
      return [name.trim(), list.split(',').map((entry) => entry.trim())];
    }),
  );
}

/** The room of a module: its folder; `index` has no folder, and is a room of its own. */
function roomOf(module: string): string {
  return module.split('/')[0] as string;
}

describe('the imports of src', () => {
  const rules = table('folder');
  const packages = table('package');

  it('keep to the table in docs/architecture.md', () => {
    const forbidden: string[] = [];
    for (const file of files) {
      const module = file.replace(/\.ts$/, '');
      const room = roomOf(module);
      for (const name of importsOf(file)) {
        if (!name.startsWith('.')) continue;
        const target = relative(src, join(src, dirname(file), name))
          .replaceAll('\\', '/')
          .replace(/\.js$/, '');
        const allowed = rules.get(room) ?? [];
        const other = roomOf(target);
        const isAllowed = allowed.some((place) => target === place || target.startsWith(`${place}/`));
        if (other !== room && !isAllowed) forbidden.push(`${module} imports ${target}`);
      }
    }
    expect(forbidden).toEqual([]);
  });

  it('use each package only where the page says', () => {
    const forbidden: string[] = [];
    for (const file of files) {
      const module = file.replace(/\.ts$/, '');
      for (const name of importsOf(file)) {
        if (name.startsWith('.') || name.startsWith('node:')) continue;
        const packageName = name.split('/')[0] as string;
        const places = packages.get(packageName);
        if (
          places === undefined ||
          !places.some((place) => module === place || module.startsWith(`${place}/`))
        )
          forbidden.push(`${module} imports ${name}`);
      }
    }
    expect(forbidden).toEqual([]);
  });

  it('name RxJS by its types alone: it is loaded when it is needed', () => {
    const loading = files.filter((file) =>
      /^import (?!type )[^;]* from 'rxjs';$/m.test(readFileSync(join(src, file), 'utf8')),
    );
    expect(loading).toEqual([]);
  });

  it('the page has a line for every file, and no line for a file that is not there', () => {
    const named = Array.from(doc.matchAll(/^- `([\w/-]+\.ts)`: /gm), (match) => match[1] as string);
    expect(named.sort()).toEqual(files);
  });
});
