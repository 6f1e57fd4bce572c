import { refuseUnknown } from '../../core/check-options.js';
import type { DeclaredMapping } from '../../core/declared-mapping.js';
import { OptionsError, StateError } from '../../core/errors.js';
import { withPlaces, type Chunk } from '../../flow/chunk.js';
import { contextOf, flowOf, type Chunks, type Flow } from '../../flow/flow.js';
import type { OpenScreened, ScreenRequest } from '../../screening/screening.js';
import { PostgresState } from '../../state/postgres/postgres-state.js';
import type { PostgresComparison } from '../../state/postgres/whole-comparison.js';
import type { StateStore } from '../../state/store.js';
import { fromPages } from '../from-pages.js';
import { queryFailure } from './failures.js';
import { checkColumns, type TextRow } from './rows-of-text.js';

/** Options of {@link diffQuery}. */
export interface DiffQueryOptions {
  /** The name of the source in errors and rejections. @defaultValue `'PostgreSQL'` */
  readonly name?: string;
}

/** A part of what decides which record a row becomes. Raised when a release reads rows in another way. */
const VERSION = 1;

/**
 * The rows of a query of the database in which the state is. Each value is the text that a cast to `text` gives, and NULL is null, as from
 * `openPostgres`. With a declared mapping (`toUser`, `userFrom` and the like) the server compares the rows with those of the last runs, so
 * that unchanged ones do not leave it. It takes two runs until a row is left out: the first one sends it, the next one finds that it is
 * unchanged, and remembers that. A run without this comparison has the same result: with a mapping of your own, with `screening: false`, or
 * if an unchanged row and another one have the same id.
 *
 * The server needs the space of a temporary table with 84 bytes for each row (ids of nine characters), and the text of each row that is not unchanged.
 *
 * @param state - a state of `postgresState` or `openPostgresState`
 * @param sql - one SELECT without parameters, of tables that the role of the state may read
 * @example
 * const users = pipe(diffQuery(state, 'SELECT id AS "externalId", mail AS "userName", mail AS email FROM hr.people'), map(toUser));
 * await sync({ okta, state, users });
 * @throws {@link OptionsError} at once for another state, or an empty query. {@link SourceError} while it is read, if the query fails: the
 * error has the SQLSTATE, and no value of a row.
 */
export function diffQuery(state: StateStore, sql: string, options: DiffQueryOptions = {}): Flow<TextRow> {
  if (!(state instanceof PostgresState))
    throw new OptionsError('state', 'expected a state in PostgreSQL, of postgresState or openPostgresState');
  if (typeof sql !== 'string' || sql.trim() === '')
    throw new OptionsError('sql', 'expected the text of a SELECT');
  refuseUnknown('diffQuery', options, ['name']);
  const { name = 'PostgreSQL' } = options;
  const query = new StateQuery(state, sql.replace(/;\s*$/, ''), name);
  const rows = query.all();
  const openScreened: OpenScreened<TextRow> = (request) => query.screened(request);
  return flowOf(() => rows.chunks(), contextOf(rows), openScreened);
}

class StateQuery {
  constructor(
    private readonly state: PostgresState,
    private readonly sql: string,
    private readonly name: string,
  ) {}

  /** All rows. */
  all(): Flow<TextRow> {
    return fromPages(this.#pages(), { name: this.name });
  }

  async *#pages(): AsyncGenerator<readonly TextRow[], void, undefined> {
    const check = (columns: readonly string[]) => void checkColumns(columns, this.name);
    try {
      yield* this.state.rowsOfQuery(this.sql, check);
    } catch (error) {
      throw failureOf(error, this.name);
    }
  }

  /** The rows that are not certainly unchanged; undefined if the database of the state does not compare them. */
  screened(request: ScreenRequest): Chunks<TextRow> | undefined {
    const comparison = this.state.comparisonOf(request.comparison);
    if (comparison === undefined || request.isOneOfSeveral === true || request.mapping === undefined)
      return undefined;
    return this.#screened(request, comparison);
  }

  async *#screened(
    request: ScreenRequest,
    comparison: PostgresComparison,
  ): AsyncGenerator<Chunk<TextRow>, void, undefined> {
    try {
      const columns = await comparison.columnsOf(this.sql);
      checkColumns(columns, this.name);
      const mapping = request.mapping?.(columns);
      const compared =
        mapping && (await comparison.leaveOut(recordQuery(this.sql, columns, mapping, request)));
      if (compared === undefined) {
        yield* this.all().chunks();
        return;
      }
      for (const onUnchanged of request.onUnchanged) onUnchanged(compared.leftOut);
      for await (const page of compared.rows())
        yield withPlaces(
          page.map(({ row }) => row),
          { file: this.name, lines: undefined, positions: page.map(({ place }) => place) },
        );
    } catch (error) {
      throw failureOf(error, this.name);
    }
  }
}

function recordQuery(
  sql: string,
  columns: readonly string[],
  mapping: DeclaredMapping,
  { rules, validation, changed }: ScreenRequest,
) {
  const key = mapping.kind === 'profile' ? [mapping.externalId] : [mapping.group, mapping.member];
  const limits = rules && { required: rules.required, limits: [...rules.limits] };
  return {
    ...{ sql, columns, key },
    shape: JSON.stringify([VERSION, columns, mapping, limits, validation]),
    changed: mapping.kind === 'membership' ? changed : undefined,
  };
}

/** An error of the query itself, not of the state. */
function failureOf(error: unknown, name: string): unknown {
  if (!(error instanceof StateError)) return error;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^(0A|22|3F|42)/.test(code) ? queryFailure(name, error.cause) : error;
}
