/** A node of the syntax tree of an expression, as far as rollcall uses it. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
}

/** The variable of expressions that has the columns. */
export const ROW = 'row';

/** The column, if a node reads one of the row by a fixed name. */
export function columnOf({ op, args }: CelNode): string | undefined {
  if (op !== '.' && op !== '.?' && op !== '[]' && op !== '[?]') return undefined;
  const [of, key] = args as readonly [CelNode, unknown];
  if (of.op !== 'id' || of.args !== ROW) return undefined;
  const name = isNode(key) && key.op === 'value' ? key.args : key;
  return typeof name === 'string' ? name : undefined;
}

/** The nodes below a node. */
export function nodesIn(args: unknown): readonly CelNode[] {
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flatMap((arg: unknown) => nodesIn(arg)) : [];
}

function isNode(value: unknown): value is CelNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
