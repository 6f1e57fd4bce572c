import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cyclesOf, importsBelow, importsOf, type ImportOf } from './support/source-graph.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
const imports = importsBelow(join(root, 'src'));
const files = imports.filter(({ isPackage }) => !isPackage);
const packages = imports.filter(({ isPackage }) => isPackage);

/** Rows of the table in the architecture page whose header begins with this cell. */
function table(header: string): Map<string, readonly string[]> {
  const start = page.search(new RegExp(`^\\| ${header} +\\|`, 'm'));
  const rows = page.slice(start).split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return new Map(
    rows.map((row) => {
      const [name = '', list = ''] = row.split('|').slice(1, 3);
      return [name.trim(), list.split(',').map((entry) => entry.trim())];
    }),
  );
}

/** The room of a file: its folder; `index` is a room of its own. */
const roomOf = (file: string): string => file.split('/')[0] as string;

/** Whether a file is a place, or lies in it. */
const isIn = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`);

const written = ({ from, to }: ImportOf): string => `${from} imports ${to}`;

describe('the rooms of src', () => {
  const rules = table('room');
  const inside = table('inside a room');

  it('are those of the page; beside them src holds index.ts alone', () => {
    const entries = readdirSync(join(root, 'src')).map((name) => name.replace(/\.ts$/, ''));
    expect(entries.sort()).toEqual([...rules.keys()].sort());
    expect(readdirSync(join(root, 'src')).filter((name) => name.includes('.'))).toEqual(['index.ts']);
  });

  it('import what the page allows, types and re-exports included', () => {
    const forbidden = files.filter(({ from, to }) => {
      if (roomOf(from) === roomOf(to)) return false;
      return !rules.get(roomOf(from))?.some((place) => isIn(to, place));
    });
    expect(forbidden.map(written)).toEqual([]);
  });

  it('keep their order inside, where the page gives one', () => {
    const placeOf = (file: string) => [...inside.keys()].find((place) => isIn(file, place));
    const forbidden = files.filter(({ from, to }) => {
      const place = placeOf(from);
      if (place === undefined || roomOf(from) !== roomOf(to) || isIn(to, place)) return false;
      return !inside.get(place)?.some((allowed) => isIn(to, allowed));
    });
    expect(forbidden.map(written)).toEqual([]);
  });

  it('are free of cycles', () => {
    expect(cyclesOf(files.map(({ from, to }) => [roomOf(from), roomOf(to)]))).toEqual([]);
  });

  it('have files that are free of cycles', () => {
    expect(cyclesOf(files.map(({ from, to }) => [from, to]))).toEqual([]);
  });
});

describe('packages', () => {
  it('are imported only where the page says', () => {
    const places = table('package');
    const forbidden = packages.filter(({ from, to }) => !places.get(to)?.some((place) => isIn(from, place)));
    expect(forbidden.map(written)).toEqual([]);
  });

  it('that the page names are imported', () => {
    expect([...table('package').keys()].sort()).toEqual([...new Set(packages.map(({ to }) => to))].sort());
  });

  it('do not load RxJS before it is needed: but for one file they import its types', () => {
    const loading = packages.filter(({ to, isLoaded }) => to === 'rxjs' && isLoaded);
    expect(loading.map(({ from }) => from)).toEqual(['flow/load-rxjs']);
  });
});

describe('the graph of imports', () => {
  it('has every kind of import', () => {
    const text = `
      import fs from 'node:fs';
      import { a } from './a.js';
      import type { B } from '../b.js';
      import { type C } from './c.js';
      import './d.js';
      export * from './e.js';
      export type { F } from './f.js';
      type G = import('./g.js').G;
      const h = await import('./h.js');
      const i = createRequire(import.meta.url)('i/deep');
      const j = require('@scope/j/deep');
      const m = await import(file);
      const k = new URL('./k.mjs', import.meta.url);
      import lib = require('./l.js');
      // import './none.js';
      const text = "import './none.js'";
    `;
    const edges = importsOf('room/file.ts', text).map(({ to, isLoaded }) => [to, isLoaded]);
    expect(edges).toEqual([
      ['room/a', true],
      ['b', false],
      ['room/c', true],
      ['room/d', true],
      ['room/e', true],
      ['room/f', false],
      ['room/g', false],
      ['room/h', true],
      ['i', true],
      ['@scope/j', true],
      ['(computed)', true],
      ['room/k.mjs', true],
      ['room/l', true],
    ]);
  });

  it('shows its cycles', () => {
    const edges = (text: string) => text.split(' ').map((edge) => edge.split('>') as [string, string]);
    expect(cyclesOf(edges('a>b b>c a>c c>c'))).toEqual([]);
    expect(cyclesOf(edges('a>b b>c c>a d>a d>e e>f f>e'))).toEqual([
      ['a', 'b', 'c'],
      ['e', 'f'],
    ]);
  });
});
