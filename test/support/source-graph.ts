import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** An import of a file. Imports of types, `export ... from`, `import()` and `require` count too. */
export interface ImportOf {
  /** The file that imports, relative to the root, without its extension. */
  readonly from: string;
  /** The imported file in the same form, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
  /** False if the compiler removes the import: `import type`, `export type`, and types in `import()`. */
  readonly isLoaded: boolean;
}

const CODE = /\.(?:ts|mjs)$/;

/** The code files below a folder, relative to it, in order. */
export function codeFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => CODE.test(name))
    .sort();
}

/** Every import of the code files below a folder. */
export function importsBelow(root: string): ImportOf[] {
  return codeFiles(root).flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
}

/** The imports of one file, read from its syntax tree. */
export function importsOf(file: string, text: string): ImportOf[] {
  const imports: ImportOf[] = [];
  const add = (name: string, isLoaded: boolean) => {
    if (name.startsWith('node:')) return;
    const isPackage = !name.startsWith('.');
    const to = isPackage ? packageOf(name) : join(dirname(file), name).replaceAll('\\', '/');
    imports.push({ from: moduleOf(file), to: isPackage ? to : moduleOf(to), isPackage, isLoaded });
  };
  const visit = (node: ts.Node): void => {
    const { name, isLoaded } = importedBy(node) ?? {};
    if (name !== undefined) add(textOf(name), isLoaded ?? true);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false));
  return imports;
}

/** The path of a file without its extension: `diff/diff` of `diff/diff.ts` and of `diff/diff.js`. */
function moduleOf(file: string): string {
  return file.replace(/\.(?:ts|js)$/, '');
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The name that an import has instead of a package's, if it is computed: of a module that the user names. */
const COMPUTED = '(computed)';

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : COMPUTED;
}

/** The import of a node; undefined for a node that is not an import. */
function importedBy(
  node: ts.Node,
): { readonly name: ts.Node | undefined; readonly isLoaded: boolean } | undefined {
  if (ts.isImportDeclaration(node))
    return { name: node.moduleSpecifier, isLoaded: node.importClause?.isTypeOnly !== true };
  if (ts.isExportDeclaration(node)) return { name: node.moduleSpecifier, isLoaded: !node.isTypeOnly };
  if (ts.isExternalModuleReference(node)) return { name: node.expression, isLoaded: true };
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { name: node.argument.literal, isLoaded: false };
  if (ts.isCallExpression(node) && isLoading(node.expression))
    return { name: node.arguments[0], isLoaded: true };
  // The file of a worker thread.
  if (ts.isNewExpression(node) && isCalled(node.expression, 'URL') && isMetaUrl(node.arguments?.[1])) {
    const [name] = node.arguments ?? [];
    return name !== undefined && CODE.test(textOf(name)) ? { name, isLoaded: true } : undefined;
  }
  return undefined;
}

/** `import(...)`, `require(...)`, and `createRequire(...)(...)`. */
function isLoading(called: ts.Expression): boolean {
  if (called.kind === ts.SyntaxKind.ImportKeyword || isCalled(called, 'require')) return true;
  return ts.isCallExpression(called) && isCalled(called.expression, 'createRequire');
}

function isCalled(node: ts.Expression, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

function isMetaUrl(node: ts.Expression | undefined): boolean {
  return node !== undefined && ts.isPropertyAccessExpression(node) && ts.isMetaProperty(node.expression);
}

/** The cycles of a graph: each strongly connected component of more than one node, sorted. */
export function cyclesOf(edges: Iterable<readonly [string, string]>): string[][] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    if (!next.has(from)) next.set(from, new Set());
    if (from !== to) next.get(from)?.add(to);
  }
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  // Tarjan's algorithm: a node that cannot reach an earlier open node completes a component.
  const visit = (node: string): number => {
    const at = order.size;
    order.set(node, at);
    lowest.set(node, at);
    open.push(node);
    for (const target of next.get(node) ?? []) {
      if (!order.has(target)) lowest.set(node, Math.min(lowest.get(node) ?? at, visit(target)));
      else if (open.includes(target))
        lowest.set(node, Math.min(lowest.get(node) ?? at, order.get(target) ?? at));
    }
    const low = lowest.get(node) ?? at;
    if (low === at) {
      const component = open.splice(open.indexOf(node));
      if (component.length > 1) cycles.push(component.sort());
    }
    return low;
  };
  for (const node of next.keys()) if (!order.has(node)) visit(node);
  return cycles;
}
