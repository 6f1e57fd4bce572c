import { join } from 'node:path';
import ts from 'typescript';
import { compilerOptions, ENTRIES, examplesOf, resolved, ROOT } from './public-surface.js';

/** Makes the reference page from the types and doc comments of what the entries export. */
export function referencePage(): string {
  const files = ENTRIES.map(([, file]) => join(ROOT, file));
  const program = ts.createProgram(files, { ...compilerOptions(), noEmit: true });
  const checker = program.getTypeChecker();
  const written = new Set<ts.Symbol>();
  const entries = ENTRIES.map(([name], i) => {
    const source = program.getSourceFile(files[i] as string) as ts.SourceFile;
    const module = checker.getSymbolAtLocation(source) as ts.Symbol;
    return { name, symbols: checker.getExportsOfModule(module).map((symbol) => resolved(symbol, checker)) };
  });
  /** The symbols that are not on the page yet. */
  const fresh = (symbols: readonly ts.Symbol[]) =>
    symbols.filter((symbol) => !written.has(symbol) && written.add(symbol));
  /** The entries of all symbols of a kind. Those of other places than the main one say from where to import them. */
  const write = (isMeant: (symbol: ts.Symbol) => boolean, entry: (symbol: ts.Symbol) => string[]) =>
    entries.flatMap(({ name, symbols }) =>
      fresh(symbols.filter(isMeant)).flatMap((symbol) => {
        const [heading = '', ...rest] = entry(symbol);
        return name === 'rollcall' || heading === ''
          ? [heading, ...rest]
          : [heading, '', `From \`${name}\`.`, ...rest];
      }),
    );
  const named = (pattern: RegExp) => (symbol: ts.Symbol) => pattern.test(symbol.name);
  const ofInterface = (symbol: ts.Symbol) => interfaceEntry(symbol, checker);
  const main = new Set(entries[0]?.symbols);
  return [
    '# Reference',
    '',
    'Made from the code by `npm run docs:reference`; the tests hold it to the code. Options and events as they are named in TypeScript;',
    'the command line has [a page of its own](cli.md), and what to do about each error code stands in [operations](operations.md).',
    'The functions and types of the common flow are exported by `rollcall`. An entry from another place names it. Examples take a client `okta`, a',
    'state `state`, records `people` and the options of a sync `options` for granted.',
    '',
    '## Functions',
    '',
    ...write(
      (symbol) => isFunction(symbol) && main.has(symbol),
      (symbol) => functionEntry(symbol, checker),
    ),
    '## Options',
    '',
    ...write(named(/(Options|Limits)$/), ofInterface),
    '## Reports',
    '',
    ...write(named(/(Report|Plan|PlanSummary|Counts|Outcome|Rejection)$/), ofInterface),
    '## Events',
    '',
    ...write(named(/^SyncEvent$/), unionEntry),
    '## Errors',
    '',
    ...write(named(/Error$/), ofInterface),
    ...entries
      .slice(1)
      .flatMap(({ name, symbols }) => [
        `## ${name}`,
        '',
        ...fresh(symbols).flatMap((symbol) => anyEntry(symbol, checker)),
      ]),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

function isFunction(symbol: ts.Symbol): boolean {
  return (symbol.flags & ts.SymbolFlags.Function) !== 0;
}

function anyEntry(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  if (isFunction(symbol)) return functionEntry(symbol, checker);
  const alias = symbol.getDeclarations()?.find((node) => ts.isTypeAliasDeclaration(node));
  if (alias === undefined) return interfaceEntry(symbol, checker);
  const text = alias.type
    .getText()
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ');
  return [
    `### ${symbol.name}`,
    '',
    '```text',
    `type ${symbol.name} = ${text}`,
    '```',
    '',
    docOf(symbol, checker),
    '',
  ];
}

function functionEntry(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const type = checker.getTypeOfSymbol(symbol);
  const signatures = type.getCallSignatures();
  // Only the first of many overloads is shown.
  const text = signatures
    .slice(0, 1)
    .map((signature) => `function ${symbol.name}${checker.signatureToString(signature)}`);
  return [
    `### ${symbol.name}`,
    '',
    '```text',
    ...text,
    '```',
    '',
    docOf(symbol, checker),
    '',
    ...exampleOf(symbol, checker),
  ];
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
    ...exampleOf(symbol, checker),
    ...codesOf(symbol),
    ...members.map((member) => memberLine(member, checker)),
    '',
  ];
}

/** The examples of the doc comment. The word `typescript` sets them apart from the snippets of the docs, which are whole programs. */
function exampleOf(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  return examplesOf(symbol, checker).flatMap((code) => ['```typescript', code, '```', '']);
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
  // TypeScript numbers the names of symbols anew in each program.
  const name = member.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]');
  return `- \`${name}${optional}: ${type}\`${doc === '' ? '' : `: ${oneLine(doc)}`}${value}`;
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
