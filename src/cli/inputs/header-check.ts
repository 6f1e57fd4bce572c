import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { nearest } from '../text/nearest.js';

/** The columns that a CSV file must have, and whether its other columns are kept. */
export interface NeededColumns {
  readonly names: readonly string[];
  readonly others: 'keep' | 'leave';
  /** Those of the columns that JSON objects may lack. @defaultValue none */
  readonly optional?: readonly string[];
}

/** Checks that all CSV files of one input have the same columns, and the columns that the mapping needs. */
export class HeaderCheck {
  readonly #needed: ReadonlySet<string>;
  readonly #keepsOthers: boolean;
  #first: { readonly name: string; readonly columns: ReadonlySet<string> } | undefined;

  constructor(needed: NeededColumns | undefined) {
    this.#needed = new Set(needed?.names);
    this.#keepsOthers = needed?.others !== 'leave';
  }

  /** The name of a column in a row; undefined when it is left out. */
  nameOf(column: string): string | undefined {
    return this.#keepsOthers || this.#needed.has(column) ? column : undefined;
  }

  /** @throws {@link SourceError} for a header that lacks a column, or has others than that of the first file. */
  check(name: string, header: readonly string[]): void {
    const columns = new Set(header);
    const place = { file: name, line: 1 };
    for (const column of this.#needed) {
      if (!columns.has(column)) {
        const near = nearest(column, [...columns]);
        throw new SourceError(`the header has no column ${quoted(column)}${near}`, place);
      }
    }
    if (this.#keepsOthers) for (const column of columns) refusePadded(column, place);
    const first = (this.#first ??= { name, columns });
    const lacking = [...first.columns].filter((column) => !columns.has(column));
    const besides = [...columns].filter((column) => !first.columns.has(column));
    if (lacking.length === 0 && besides.length === 0) return;
    const parts = [
      ...(lacking.length > 0 ? [`missing ${listed(lacking)}`] : []),
      ...(besides.length > 0 ? [`additional ${listed(besides)}`] : []),
    ];
    throw new SourceError(`the columns differ from those of ${first.name}: ${parts.join('; ')}`, place);
  }
}

/** Without a mapping, every column is an attribute of its name. Okta has none with a blank at its start or end. */
function refusePadded(column: string, place: { readonly file: string; readonly line: number }): void {
  if (column.trim() === '' || column.trim() === column) return;
  throw new SourceError(
    `the column ${quoted(column)} has a blank at its start or end; remove it, or use a mapping (--map)`,
    place,
  );
}

function listed(columns: readonly string[]): string {
  return columns.map(quoted).join(', ');
}
