import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compileInMemory } from './support/compile-in-memory.js';
import {
  compilerOptions,
  executedCode,
  publicSurface,
  reachedFrom,
  ROOT,
  type PublicSymbol,
} from './support/public-surface.js';

const { symbols, checker } = publicSurface();

/** What the examples of doc comments take for granted. */
const GIVEN = `
import type * as Given from 'rollcall';
import type * as GivenOkta from 'rollcall/okta';
declare global {
  const okta: Given.OktaClient & GivenOkta.DirectoryClient;
  const state: Given.StateStore;
  const options: Given.SyncOptions;
  const people: readonly Given.UserRecord[];
  const rows: readonly Readonly<Record<string, string>>[];
  const ids: readonly string[];
  const sessionId: string;
  const readPeople: (signal: AbortSignal) => AsyncIterable<Given.FlatRow>;
  const directory: { list(query: object): Promise<{ items: Given.UserRecord[]; nextToken?: string }> };
}
export {};
`;

/** The example as a module: it imports the public names that it uses and does not declare. */
function moduleOf(code: string): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const own = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) own.add(node.name.text);
    if (ts.isImportSpecifier(node)) own.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const given = new Set(Array.from(GIVEN.matchAll(/^ {2}const (\w+):/gm), ([, name]) => name as string));
  const imports = symbols
    .filter(({ name }) => names.has(name) && !own.has(name) && !given.has(name))
    .map(({ name, entry }) => `import { ${name} } from '${entry}';`);
  const other = [
    ...(names.has('readFileSync') ? ["import { readFileSync } from 'node:fs';"] : []),
    ...(names.has('pg') ? ["import pg from 'pg';"] : []),
    ...(names.has('glob') ? ["import { glob } from 'tinyglobby';"] : []),
  ];
  return [...imports, ...other, code, 'export {};'].join('\n');
}

/** The errors of the compiler for all examples of doc comments, in one program. */
function problems(): string[] {
  const examples = symbols.flatMap(({ name, examples: all }) => all.map((code) => ({ name, code })));
  const files = new Map<string, string>([
    [join(ROOT, 'examples/given.ts'), GIVEN],
    ...examples.map(({ code }, i) => [join(ROOT, `examples/doc-comment-${i}.ts`), moduleOf(code)] as const),
  ]);
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
    isolatedModules: false,
    verbatimModuleSyntax: false,
  };
  const program = compileInMemory(files, options);
  const paths = [...files.keys()];
  return paths.flatMap((path, i) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ messageText }) => {
      const name = i === 0 ? 'given' : examples[i - 1]?.name;
      return `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    }),
  );
}

const written = ({ entry, name }: PublicSymbol) => `${entry}: ${name}`;

describe('the public names', () => {
  const code = [executedCode(), ...symbols.flatMap(({ examples }) => examples)].join('\n');
  const isNamed = ({ name }: PublicSymbol) => new RegExp(`\\b${name}\\b`).test(code);

  it('each function, class and constant has an example: in its doc comment, or in code that tests run', () => {
    const without = symbols.filter((each) => each.isValue && each.examples.length === 0 && !isNamed(each));
    expect(without.map(written)).toEqual([]);
  });

  it('each type belongs to a function, class or constant that has an example', () => {
    const shown = symbols.filter((each) => each.isValue || isNamed(each)).map(({ symbol }) => symbol);
    const reached = reachedFrom(shown, checker);
    const alone = symbols.filter((each) => !each.isValue && !reached.has(each.symbol) && !isNamed(each));
    expect(alone.map(written)).toEqual([]);
  });

  it('the doc comment of each error class names its codes', () => {
    const codesIn = (text: string) => [...new Set(text.match(/ERR_ROLLCALL_\w+/g))].sort();
    const classes = symbols.flatMap(({ symbol }) => symbol.declarations?.filter(ts.isClassDeclaration) ?? []);
    const errors = classes.filter((each) => codesIn(each.getText()).length > 0);
    expect(errors.length).toBeGreaterThan(10);
    for (const each of errors)
      expect(codesIn(ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(each)[0]?.comment) ?? '')).toEqual(
        codesIn(each.getText()),
      );
  });

  it('the examples of doc comments type-check', () => {
    expect(symbols.flatMap(({ examples }) => examples).length).toBeGreaterThan(50);
    expect(problems()).toEqual([]);
  });
});
