import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Makes the reference page from the types and doc comments of the exports of `src/index.ts`. */
export function referencePage(): string {
  const file = join(ROOT, 'src/index.ts');
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path))
    .config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([file], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol;
  const exported = checker.getExportsOfModule(module).map((symbol) => resolved(symbol, checker));
  const named = (test: (name: string) => boolean) => exported.filter((symbol) => test(symbol.name));
  const functions = exported.filter((symbol) => (symbol.flags & ts.SymbolFlags.Function) !== 0);
  return [
    '# Reference',
    '',
    'Made from the code by `npm run docs:reference`; the tests hold it to the code. Options and events as they are named in TypeScript;',
    'the command line has [a page of its own](cli.md), and what to do about each error code stands in [operations](operations.md).',
    '',
    '## Functions',
    '',
    ...functions.flatMap((symbol) => functionEntry(symbol, checker)),
    '## Options',
    '',
    ...named((name) => /(Options|Limits)$/.test(name)).flatMap((symbol) => interfaceEntry(symbol, checker)),
    '## Reports',
    '',
    ...named((name) => /(Report|Plan|PlanSummary|Counts|Outcome|Rejection)$/.test(name)).flatMap((symbol) =>
      interfaceEntry(symbol, checker),
    ),
    '## Events',
    '',
    ...named((name) => name === 'SyncEvent').flatMap((symbol) => unionEntry(symbol)),
    '## Errors',
    '',
    ...named((name) => name.endsWith('Error')).flatMap((symbol) => interfaceEntry(symbol, checker)),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
}

function functionEntry(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const type = checker.getTypeOfSymbol(symbol);
  const signatures = type.getCallSignatures();
  // Only the first of many overloads is shown.
  const text = signatures
    .slice(0, 1)
    .map((signature) => `function ${symbol.name}${checker.signatureToString(signature)}`);
  return [`### ${symbol.name}`, '', '```text', ...text, '```', '', docOf(symbol, checker), ''];
}

function interfaceEntry(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const members = type.getProperties().filter((member) => isOwn(member));
  if (members.length === 0 && docOf(symbol, checker) === '') return [];
  return [
    `### ${symbol.name}`,
    '',
    docOf(symbol, checker),
    '',
    ...codesOf(symbol),
    ...members.map((member) => memberLine(member, checker)),
    '',
  ];
}

/** The codes that an error class sets. */
function codesOf(symbol: ts.Symbol): string[] {
  const declaration = symbol.getDeclarations()?.find((node) => ts.isClassDeclaration(node));
  const codes = new Set(declaration?.getText().match(/ERR_ROLLCALL_\w+/g));
  return codes.size === 0 ? [] : [`Code: ${Array.from(codes, (code) => `\`${code}\``).join(', ')}`, ''];
}

/** True for a member that is declared in this project, and not in the libraries of TypeScript. */
function isOwn(member: ts.Symbol): boolean {
  const { fileName } = member.getDeclarations()?.[0]?.getSourceFile() ?? { fileName: '' };
  return fileName.includes('/src/');
}

function memberLine(member: ts.Symbol, checker: ts.TypeChecker): string {
  const declaration = member.getDeclarations()?.[0];
  const node = declaration as { readonly type?: ts.TypeNode } | undefined;
  const type = node?.type
    ? node.type.getText().replace(/\s+/g, ' ')
    : checker.typeToString(checker.getTypeOfSymbol(member));
  const optional = (member.flags & ts.SymbolFlags.Optional) !== 0 ? '?' : '';
  const tags = member.getJsDocTags(checker);
  const fallback = tags.find(({ name }) => name === 'defaultValue');
  const value = fallback ? ` Default: ${oneLine(ts.displayPartsToString(fallback.text))}.` : '';
  const doc = docOf(member, checker);
  return `- \`${member.name}${optional}: ${type}\`${doc === '' ? '' : `: ${oneLine(doc)}`}${value}`;
}

function unionEntry(symbol: ts.Symbol): string[] {
  const declaration = symbol.getDeclarations()?.[0] as ts.TypeAliasDeclaration;
  const members = ts.isUnionTypeNode(declaration.type) ? declaration.type.types : [];
  return members
    .flatMap((member, index) => {
      const source = member.getSourceFile().text;
      const fields = ts.isTypeLiteralNode(member) ? member.members : [];
      const name = fields
        .map((field) => field.getText())
        .join(' ')
        .match(/type: '([^']+)'/)?.[1];
      // The comment of a member is before its bar, so it comes after the node of the previous member.
      const before = source.slice(
        members[index - 1]?.end ?? declaration.type.getFullStart(),
        member.getStart(),
      );
      const doc = before.match(/\/\*\*([\s\S]*?)\*\//)?.[1]?.replace(/^\s*\* ?/gm, '') ?? '';
      const rest = fields
        .map(
          (field) =>
            `\`${field
              .getText()
              .replace(/\/\*\*[\s\S]*?\*\//g, '')
              .replace(/readonly /g, '')
              .replace(/\s+/g, ' ')
              .replace(/;$/, '')
              .trim()}\``,
        )
        .filter((text) => !text.startsWith('`type:'));
      return [
        `- \`${name ?? '?'}\`${doc.trim() === '' ? '' : `: ${oneLine(doc)}`}${rest.length > 0 ? ` Fields: ${rest.join(', ')}.` : ''}`,
      ];
    })
    .concat('');
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link (\S+?)\s*\}/g, '`$1`')
    .trim();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(/\.$/, '.');
}
