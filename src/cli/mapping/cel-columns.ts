import type { ASTNode } from '@marcbachmann/cel-js';
import { LOOKUP, MATCHES } from './cel-functions.js';
import { columnOf, nodesIn, ROW, type CelNode } from './cel-nodes.js';

/** What an expression reads of a row. */
export interface CelColumns {
  /** Columns that are read as `row.name`. */
  readonly read: ReadonlySet<string>;
  /** Columns for which it says what a missing value means: `has(row.name)` or `row.?name`. */
  readonly optional: ReadonlySet<string>;
  /** Columns that are compared with fixed texts, and these texts. */
  readonly compared: ReadonlyMap<string, ReadonlySet<string>>;
  /** Columns that are compared with the empty text. */
  readonly comparedWithEmpty: ReadonlySet<string>;
  /** The fixed regular expressions. */
  readonly patterns: readonly string[];
  /** The fixed forms of dates. */
  readonly dateForms: readonly string[];
  /** The calls of `lookup`: their input and column; undefined for one that is not a fixed text. */
  readonly lookups: readonly { readonly input: string | undefined; readonly column: string | undefined }[];
  /** True if a column is not named by a fixed text, so that it cannot be checked. */
  readonly isUnclear: boolean;
}

const PATTERN_CALLS: ReadonlySet<unknown> = new Set(['extract', MATCHES]);

/** Finds the columns of an expression. */
export function celColumns(root: ASTNode): CelColumns {
  const found = {
    read: new Set<string>(),
    optional: new Set<string>(),
    compared: new Map<string, Set<string>>(),
    comparedWithEmpty: new Set<string>(),
    patterns: [] as string[],
    dateForms: [] as string[],
    lookups: [] as { input: string | undefined; column: string | undefined }[],
    isUnclear: false,
  };
  const visit = (node: CelNode, isOptional: boolean): void => {
    const column = columnOf(node);
    if (column !== undefined) {
      const says = isOptional || node.op === '.?' || node.op === '[?]';
      (says ? found.optional : found.read).add(column);
      return;
    }
    if (node.op === 'id') {
      found.isUnclear ||= node.args === ROW;
      return;
    }
    compare(node, found);
    const [name] = Array.isArray(node.args) ? (node.args as unknown[]) : [];
    const isCall = node.op === 'call' || node.op === 'rcall';
    const parts = nodesIn(node.args);
    const last = isCall ? parts.at(-1) : undefined;
    if (last?.op === 'value' && typeof last.args === 'string') {
      if (PATTERN_CALLS.has(name)) found.patterns.push(last.args);
      if (name === 'date' && parts.length === 2) found.dateForms.push(last.args);
    }
    if (isCall && name === LOOKUP)
      found.lookups.push({ input: fixedText(parts[0]), column: fixedText(parts[2]) });
    const ofHas = isCall && name === 'has';
    for (const part of parts) visit(part, isOptional || ofHas);
  };
  visit(root, false);
  return found;
}

function fixedText(node: CelNode | undefined): string | undefined {
  return node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

function compare(
  { op, args }: CelNode,
  found: { readonly compared: Map<string, Set<string>>; readonly comparedWithEmpty: Set<string> },
): void {
  if (op !== '==' && op !== '!=' && op !== 'in') return;
  const sides = args as readonly [CelNode, CelNode];
  for (const [i, side] of sides.entries()) {
    const column = columnOf(side);
    const other = sides[1 - i] as CelNode;
    if (column === undefined || (op === 'in' && i === 1)) continue;
    const texts = op === 'in' ? nodesIn(other.args) : [other];
    if (!texts.every((text) => text.op === 'value' && typeof text.args === 'string')) continue;
    const known = found.compared.get(column) ?? new Set();
    found.compared.set(column, known);
    for (const text of texts) known.add(text.args as string);
    if (texts.some((text) => text.args === '')) found.comparedWithEmpty.add(column);
  }
}
