import { Fault, textOf, type Row } from './cells.js';

/** A text with columns in braces: `{given} {family}`. `{middle?}` may be empty; `{{` and `}}` are literal braces. */
export interface Template {
  readonly columns: readonly string[];
  /** The text for a row; `''` if a required column is empty. */
  render(row: Row, place: string): string | Fault;
}

type Part = string | { readonly column: string; readonly optional: boolean };

/** Parses a template; returns the problem if it is invalid. */
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
      if (name === '') return { problem: 'the braces contain no column' };
      parts.push({ column: name, optional });
    } else return { problem: 'unmatched brace; write {{ or }} for a literal brace' };
    rest = rest.slice(doubled?.length ?? plain?.length ?? (column?.length ?? 0) + 2);
  }
  const columns = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.column])))];
  if (columns.length === 0) return { problem: 'the template has no column; use "constant" instead' };
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
