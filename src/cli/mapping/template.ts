import { Fault, textOf, type Row } from './cells.js';

/** Text with columns in it: `{given} {family}`; `{middle?}` may be empty, `{{` and `}}` are braces. */
export interface Template {
  readonly columns: readonly string[];
  /** The text; `''` when a column that must not be empty is. */
  render(row: Row, place: string): string | Fault;
}

type Part = string | { readonly column: string; readonly optional: boolean };

/** Takes a template apart; answers what is wrong with it instead when it cannot be meant. */
export function parseTemplate(text: string): Template | { readonly problem: string } {
  const parts: Part[] = [];
  let rest = text;
  while (rest !== '') {
    const [, doubled, column, plain] = /^(?:(\{\{|\}\})|\{([^{}]+)\}|([^{}]+))/.exec(rest) ?? [];
    if (doubled !== undefined) parts.push(doubled.slice(1));
    else if (plain !== undefined) parts.push(plain);
    else if (column !== undefined) {
      const optional = column.endsWith('?');
      const name = optional ? column.slice(0, -1) : column;
      if (name === '') return { problem: 'a pair of braces names no column' };
      parts.push({ column: name, optional });
    } else return { problem: 'a brace is not closed, or not opened; write {{ or }} for a brace itself' };
    rest = rest.slice(doubled?.length ?? plain?.length ?? (column?.length ?? 0) + 2);
  }
  const columns = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.column])))];
  if (columns.length === 0) return { problem: 'it names no column; use "constant"' };
  return { columns, render: (row, place) => render(parts, row, place) };
}

function render(parts: readonly Part[], row: Row, place: string): string | Fault {
  let result = '';
  let filled = false;
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    const text = textOf(row, part.column, place);
    if (text instanceof Fault) return text;
    if (text === '' && !part.optional) return '';
    filled ||= text !== '';
    result += text;
  }
  return filled ? result : '';
}
