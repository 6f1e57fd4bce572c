import { createHash } from 'node:crypto';
import type { MappingNode } from './mapping-text.js';

/** Counts the meanings that the mapping language has had: the same text may come to other records under another. */
const LANGUAGE = 1;

/**
 * A hash of what a mapping says, whatever its comments, white space and order of keys. What keeps anything made from
 * raw rows must keep this beside it.
 */
export function mappingVersion(root: MappingNode): string {
  return createHash('sha256')
    .update(`rollcall mapping ${LANGUAGE}\n${canonical(root, true)}`)
    .digest('hex');
}

function canonical(node: MappingNode, isRoot = false): string {
  if (node.type === 'array') return `[${(node.children ?? []).map((item) => canonical(item)).join(',')}]`;
  if (node.type !== 'object') return JSON.stringify(node.value);
  const members = (node.children ?? []).flatMap(({ children }) => {
    const [name, value] = children ?? [];
    if (name === undefined || value === undefined || (isRoot && name.value === '$schema')) return [];
    return [[JSON.stringify(name.value), canonical(value)] as const];
  });
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map((member) => member.join(':')).join(',')}}`;
}
