import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm pack` would put into the tarball; without a build, so perhaps without `dist`. */
function packedFiles(): readonly string[] {
  const json = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

interface Link {
  readonly page: string;
  readonly file: string;
  readonly anchor: string | undefined;
}

/** The links of a page to other files and places; code blocks have none. */
function linksOf(page: string): Link[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[^]*?^```/gm, '');
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { page, file: path === '' ? page : posix.join(dirname(page), path), anchor };
    });
}

/** The anchors of a page: those that it has itself, and those that GitHub makes of headings. */
function anchorsOf(page: string): readonly string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[^]*?^```/gm, '');
  const used = new Map<string, number>();
  const own = Array.from(text.matchAll(/<a id="([^"]+)">/g), ([, id = '']) => id);
  const ofHeadings = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = used.get(anchor) ?? 0;
    used.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return [...own, ...ofHeadings];
}

const packed = packedFiles();
const pages = packed.filter((file) => file.endsWith('.md'));
const links = pages.flatMap(linksOf);

describe('the tarball', () => {
  it('has the first page, the license and what changed', () => {
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']));
  });

  it('has no tests, no state and nothing hidden', () => {
    expect(
      packed.filter((file) => /(^|\/)(\.|node_modules\/|rollcall-state\/)|\.test\.|^test\//.test(file)),
    ).toEqual([]);
  });

  it('has every file that its pages link to', () => {
    expect(links.length).toBeGreaterThan(50);
    const missing = links.filter(
      ({ file }) => !packed.includes(file) && !packed.some((path) => path.startsWith(`${file}/`)),
    );
    expect(missing).toEqual([]);
  });

  it('has pages whose links to headings end at one', () => {
    const anchors = new Map(pages.map((page) => [page, anchorsOf(page)]));
    const missing = links.filter(
      ({ file, anchor }) => anchor !== undefined && anchors.has(file) && !anchors.get(file)?.includes(anchor),
    );
    expect(missing).toEqual([]);
  });

  it('builds before it is packed, and runs nothing when it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['prepack']).toBe('npm run build');
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(scripts[name]).toBeUndefined();
  });
});
