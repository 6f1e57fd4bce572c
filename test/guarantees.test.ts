import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const sections = readFileSync(join(root, 'docs/guarantees.md'), 'utf8').split(/^## /m).slice(1);

/** Titles may be templates in the code: `${x}` stands for any text. */
function hasTitle(text: string, title: string): boolean {
  const titles = Array.from(text.matchAll(/\b(?:it|law)\(\s*(["'`])((?:\\.|(?!\1)[\s\S])*)\1/g), (m) =>
    (m[2] as string).replaceAll("\\'", "'"),
  );
  return titles.some((candidate) => {
    const pattern = candidate
      .split(/\$\{[^}]*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${pattern}$`).test(title);
  });
}

describe('docs/guarantees.md', () => {
  it('has the eleven guarantees, in order', () => {
    expect(sections.map((s) => Number.parseInt(s))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  for (const section of sections) {
    const heading = section.split('\n')[0] as string;
    it(`names tests that exist for: ${heading}`, () => {
      const named = Array.from(
        section.matchAll(/^- (test\/\S+): (.+)$/gm),
        (m) => [m[1] as string, m[2] as string] as const,
      );
      expect(named.length).toBeGreaterThan(0);
      for (const [file, title] of named) {
        expect(existsSync(join(root, file)), file).toBe(true);
        expect(hasTitle(readFileSync(join(root, file), 'utf8'), title), `${file}: ${title}`).toBe(true);
      }
    });
  }
});
