import { SourceError } from '../../core/errors.js';
import { contextOf, flowOf, type Flow } from '../../flow/flow.js';
import { screenedOf, withScreened } from '../../screening/screening.js';
import type { FlatRow } from '../../transform/to-records.js';
import { nearest } from '../settings/config-file.js';

type ColumnNames = (header: string) => string | undefined;

/** The columns that a CSV file must have, and whether its other columns are kept. */
export interface NeededColumns {
  readonly names: readonly string[];
  readonly others: 'keep' | 'leave';
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

  /** The rows of `open`, after a check of the header; `open` calls its argument once for each column. */
  check(name: string, open: (columns: ColumnNames) => Flow<FlatRow>): Flow<FlatRow> {
    const columns = new Set<string>();
    const rows = open((header) => {
      columns.add(header);
      return this.#keepsOthers || this.#needed.has(header) ? header : undefined;
    });
    const screened = screenedOf<FlatRow>(rows);
    return withScreened(
      flowOf(() => this.#checked(name, columns, rows.chunks()), contextOf(rows)),
      screened &&
        ((request) => {
          const rows = screened({
            ...request,
            open: (...asked) => {
              this.#refuse(name, columns);
              return request.open(...asked);
            },
          });
          return rows && this.#checked(name, columns, rows);
        }),
    );
  }

  async *#checked(
    name: string,
    columns: ReadonlySet<string>,
    chunks: AsyncIterable<readonly FlatRow[]>,
  ): AsyncGenerator<readonly FlatRow[], void, undefined> {
    let checked = false;
    for await (const chunk of chunks) {
      if (!checked) this.#refuse(name, columns);
      checked = true;
      yield chunk;
    }
    // A file without rows has a header as well.
    if (!checked) this.#refuse(name, columns);
  }

  #refuse(name: string, columns: ReadonlySet<string>): void {
    const place = { file: name, line: 1 };
    for (const column of this.#needed) {
      if (!columns.has(column)) {
        const near = nearest(column, [...columns]);
        throw new SourceError(`the header has no column ${JSON.stringify(column)}${near}`, place);
      }
    }
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

function listed(columns: readonly string[]): string {
  return columns.map((column) => JSON.stringify(column)).join(', ');
}
