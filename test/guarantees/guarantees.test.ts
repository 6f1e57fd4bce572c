import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stateStoreContract } from '../../src/state/contract/contract.js';
import { breakText } from './break.js';
import { BREAKS } from './breaks.js';
import { documentedGuarantees, ROOT } from './document.js';

const documented = documentedGuarantees();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** The laws of the contract of stores, as titles of tests. */
const laws = stateStoreContract(() => Promise.reject(new Error('not opened')))
  .map(({ name }) => `law(${JSON.stringify(name)}`)
  .join('\n');

/** The text of a test file, and of the contracts that it brings in. */
function testsOf(file: string): string {
  const text = read(file);
  const contracts = Array.from(text.matchAll(/from '(?:\.\.\/)+(contracts\/[\w-]+)\.js'/g), ([, name]) =>
    read(`test/${name}.ts`),
  );
  return [text, ...contracts, text.includes('stateStoreContract(') ? laws : ''].join('\n');
}

/** Titles may be templates in the code: `${x}` and `%s` stand for any text. The rows of `each` may take several lines. */
function hasTitle(text: string, title: string): boolean {
  const titles = Array.from(
    text.matchAll(
      /(?:\b(?:it|law)(?:\.each(?:<[^\n>]*>)?\([^\n]*\))?|^ *\](?: as const)?\))\(\s*(["'`])((?:\\.|(?!\1)[\s\S])*)\1/gm,
    ),
    (m) => (m[2] as string).replaceAll("\\'", "'"),
  );
  return titles.some((candidate) => {
    const pattern = candidate
      .split(/\$\{[^}]*\}|%s/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${pattern}$`).test(title);
  });
}

describe('docs/guarantees.md', () => {
  it('has the eleven guarantees, in order, and each can be broken', () => {
    expect(documented.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(documented.map(({ name }) => name)).toEqual(BREAKS.map(({ guarantee }) => guarantee));
  });

  for (const { number, name, proven, also } of documented) {
    const breaks = BREAKS[number - 1]?.breaks ?? [];

    it(`names tests that exist for ${number}. ${name}`, () => {
      expect(proven.length).toBeGreaterThan(0);
      for (const [file, title] of [...proven, ...also]) {
        expect(existsSync(join(ROOT, file)), file).toBe(true);
        expect(hasTitle(testsOf(file), title), `${file}: ${title}`).toBe(true);
      }
    });

    it(`names just the tests that notice when ${number} is broken`, () => {
      expect(breaks.length).toBeGreaterThanOrEqual(5);
      const tests = new Set(breaks.map(({ test }) => test.join(': ')));
      expect(proven.map((test) => test.join(': ')).sort()).toEqual([...tests].sort());
    });

    it.each(breaks)(`can be broken: ${number}, $what`, ({ file, find, replace }) => {
      const text = read(file);
      expect(breakText(text, { find, replace })).not.toBe(text);
    });
  }
});
