import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The names that each entry exports, in their order. */
const entries = new Map(
  [
    ['rollcall', 'src/index.ts'] as const,
    ...['config', 'okta', 'postgres', 'sources', 'store', 'testing', 'types'].map(
      (name) => [name, `src/subpaths/${name}.ts`] as const,
    ),
  ].map(([name, file]) => [name, namesOf(file)]),
);

function namesOf(file: string): readonly string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) throw new Error('not a list of names');
    if (!ts.isNamedExports(statement.exportClause)) throw new Error('not a list of names');
    return statement.exportClause.elements.map(({ name }) => name.text);
  });
}

/** The types of the common flow that are also part of an entry of their own. */
const IN_TWO_ENTRIES = ['OktaClient', 'StateStore'];

/** Types that only the compiler writes: stages of `pipe`, marks of their input, and those of {@link Valid} and {@link Guarded}. */
const NOT_FOR_PROGRAMS = ['ChangesFromDiff', 'GuardMark', 'Last', 'Piped', 'RequestsFromBatch', 'ValidMark'];

describe('the entries of the package', () => {
  it('the main one has at most 90 names', () => {
    expect(entries.get('rollcall')?.length).toBeLessThanOrEqual(90);
  });

  it('have each name once', () => {
    const all = [...entries.values()].flat();
    const twice = all.filter((name, at) => all.indexOf(name) !== at);
    expect(twice.sort()).toEqual(IN_TWO_ENTRIES);
  });

  it('are what package.json exports, each with its record', () => {
    const { exports } = JSON.parse(read('package.json')) as {
      exports: Record<string, string | { types: string }>;
    };
    const exported = Object.keys(exports).filter((name) => !name.endsWith('.json'));
    const names = [...entries.keys(), 'simulator'];
    expect(exported.sort()).toEqual(names.map((name) => (name === 'rollcall' ? '.' : `./${name}`)).sort());
    for (const name of names) {
      const suffix = name === 'rollcall' ? '' : `.${name}`;
      const config = JSON.parse(read(`test/package/api-extractor${suffix}.json`)) as {
        mainEntryPointFilePath: string;
        apiReport: { reportFileName: string };
      };
      const { types } = exports[name === 'rollcall' ? '.' : `./${name}`] as { types: string };
      expect(config.mainEntryPointFilePath).toBe(types.replace('./', '<projectFolder>/'));
      expect(existsSync(join(root, 'test/package/api', config.apiReport.reportFileName))).toBe(true);
    }
  });

  it('export every type that a signature names', () => {
    const records = [...entries.keys()].map((name) =>
      read(`test/package/api/rollcall${name === 'rollcall' ? '' : `-${name}`}.api.md`),
    );
    const unexported = records.flatMap((text) =>
      Array.from(text.matchAll(/^(?:class|interface|type|const) (\w+)/gm), (match) => match[1] as string),
    );
    const known = new Set([...entries.values()].flat());
    expect([...new Set(unexported)].filter((name) => !known.has(name)).sort()).toEqual(NOT_FOR_PROGRAMS);
  });
});
