import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** All public entries by the name they are imported by, with their files. The main one comes first. */
export const ENTRIES: readonly (readonly [name: string, file: string])[] = [
  ['rollcall', 'src/index.ts'],
  ...['config', 'okta', 'postgres', 'sources', 'store', 'testing', 'types'].map(
    (name) => [`rollcall/${name}`, `src/subpaths/${name}.ts`] as const,
  ),
  ['rollcall/simulator', 'src/simulator/index.ts'],
];

/** What an entry exports. */
export interface PublicSymbol {
  readonly name: string;
  /** The first entry that exports it. */
  readonly entry: string;
  readonly symbol: ts.Symbol;
  /** A function, class or constant. */
  readonly isValue: boolean;
  /** The code of its `@example` tags. */
  readonly examples: readonly string[];
}

/** The options of the compiler, as `tsconfig.json` has them. */
export function compilerOptions(): ts.CompilerOptions {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path))
    .config as object;
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options;
}

/** Everything that the entries export, each symbol once, and the checker of their program. */
export function publicSurface(): { symbols: readonly PublicSymbol[]; checker: ts.TypeChecker } {
  const files = ENTRIES.map(([, file]) => join(ROOT, file));
  const program = ts.createProgram(files, { ...compilerOptions(), noEmit: true });
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Symbol>();
  const symbols: PublicSymbol[] = [];
  for (const [i, [entry]] of ENTRIES.entries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[i] as string) as ts.SourceFile);
    for (const exported of checker.getExportsOfModule(module as ts.Symbol)) {
      const symbol = resolved(exported, checker);
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      const examples = examplesOf(symbol, checker);
      const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(exported);
      symbols.push({ name: exported.name, entry, symbol, isValue, examples });
    }
  }
  return { symbols, checker };
}

/** The code of the `@example` tags of a symbol. */
export function examplesOf(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  return symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'example')
    .map(({ text }) =>
      ts
        .displayPartsToString(text)
        .replace(/^```\w*$/gm, '')
        .trim(),
    );
}

/** True for a class that is exported as a type. */
function isTypeOnly(exported: ts.Symbol): boolean {
  return exported.declarations?.some((node) => ts.isTypeOnlyExportDeclaration(node)) ?? false;
}

export function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The symbols that the declarations of these symbols name, and those that theirs name, and so on; bodies of functions do not count. */
export function reachedFrom(start: readonly ts.Symbol[], checker: ts.TypeChecker): ReadonlySet<ts.Symbol> {
  const reached = new Set(start);
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return;
    if (ts.isIdentifier(node)) {
      const found = checker.getSymbolAtLocation(node);
      if (found !== undefined) add(resolved(found, checker));
    }
    ts.forEachChild(node, visit);
  };
  const add = (symbol: ts.Symbol) => {
    if (reached.has(symbol)) return;
    reached.add(symbol);
    for (const declaration of symbol.declarations ?? [])
      if (declaration.getSourceFile().fileName.includes('/src/')) visit(declaration);
  };
  for (const symbol of start) for (const declaration of symbol.declarations ?? []) visit(declaration);
  return reached;
}

/** The code that tests execute or type-check: the examples, the README and the docs. */
export function executedCode(): string {
  const files = (folder: string, pattern: RegExp) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
  const pages = [readFileSync(join(ROOT, 'README.md'), 'utf8'), ...files('docs', /^(?!reference\/).*\.md$/)];
  const blocks = pages.flatMap((page) =>
    Array.from(page.matchAll(/^```(?:ts|js)[^\n]*\n([\s\S]*?)^```$/gm), ([, code]) => code as string),
  );
  return [...files('examples', /\.(ts|mjs|js)$/), ...blocks].join('\n');
}
