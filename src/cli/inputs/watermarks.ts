import { OptionsError, SourceError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { modeOf } from '../../core/mode.js';
import { contextOf, type Flow } from '../../flow/flow.js';
import { watchRows } from '../../sources/watch-rows.js';
import type { StateStore } from '../../state/store.js';
import { readWatermark } from '../../sync/watermark.js';
import { filter } from '../../transform/filter.js';
import type { FlatRow } from '../../transform/to-records.js';
import type { Resolved } from '../settings/resolve-settings.js';
import type { WatermarkSpec } from '../settings/watermark-spec.js';
import { earlier, ldapTimeOf, positionOf } from './position.js';

/** The word in a query or address that stands for the watermark. */
export const WATERMARK_WORD = '{watermark}';

type Values = Readonly<Partial<Record<Entity, string>>>;

/**
 * The watermarks of the feeds of one run: from where each is read, and the newest value that it has. The state stores them together, as
 * JSON.
 */
export class Watermarks {
  readonly #specs: Readonly<Partial<Record<Entity, WatermarkSpec>>>;
  readonly #newest: Partial<Record<Entity, string>> = {};
  #last: Values = {};
  #from: Values = {};

  /** @throws {@link OptionsError} for an entity whose source is no feed, or has no place for the watermark */
  constructor({ settings, sources, mapping, watermarks }: Resolved) {
    this.#specs = watermarks;
    if (this.isUsed && settings.map === undefined && mapping === undefined)
      throw new OptionsError('watermark', 'needs a mapping (map): without one, every column is an attribute');
    for (const entity of ENTITIES) {
      const source = sources[entity];
      const isNamed = source !== undefined && JSON.stringify(source).includes(WATERMARK_WORD);
      const where = `watermark.${entity}`;
      if (watermarks[entity] === undefined) {
        if (isNamed) throw new OptionsError(entity, `has ${WATERMARK_WORD}, and there is no ${where}`);
        continue;
      }
      if (modeOf(settings.mode, entity) !== 'delta')
        throw new OptionsError(where, `needs a feed of changes: set "mode": { "${entity}": "delta" }`);
      if (source === undefined && settings[entity] === undefined)
        throw new OptionsError(where, `there is no source of ${entity}`);
      if (source !== undefined && !isNamed && source.kind !== 'code')
        throw new OptionsError(
          where,
          `the source must have ${WATERMARK_WORD} in its query, filter or address`,
        );
      const { column } = watermarks[entity];
      if (source?.kind === 'ldap' && !source.attributes.includes(column))
        throw new OptionsError(where, `the attributes of the search must have ${JSON.stringify(column)}`);
    }
  }

  /** True if there are any. */
  get isUsed(): boolean {
    return Object.keys(this.#specs).length > 0;
  }

  /**
   * Reads them from the state, before the sources are read.
   * @param all - whether the feeds are read from the oldest record that is owed, also if it is not due
   */
  async load(state: StateStore, all: boolean, now: () => number): Promise<void> {
    if (!this.isUsed) return;
    const clock = { now, sleep: () => Promise.resolve() };
    this.#last = valuesOf(await readWatermark(state, { owed: 'none' }));
    this.#from = valuesOf(await readWatermark(state, { owed: all ? 'all' : 'due', clock }));
  }

  /** The value from which a feed is read; undefined without a watermark. */
  from(entity: string): string | undefined {
    const spec = this.#specs[entity as Entity];
    if (spec === undefined) return undefined;
    const stored = this.#from[entity as Entity];
    if (stored === undefined) return spec.from;
    return spec.overlapMs === 0 ? stored : earlier(stored, spec.overlapMs);
  }

  /** A query with the value. It is a number, or a time in quotes: it can contain nothing else. */
  inQuery(entity: string, query: string): string {
    const value = this.from(entity);
    if (value === undefined) return query;
    return query.replaceAll(WATERMARK_WORD, positionOf(value)?.kind === 'number' ? value : `'${value}'`);
  }

  /** An LDAP filter with the value. It is a number, or a time in digits: it needs no escaping (RFC 4515). */
  inFilter(entity: string, filter: string): string {
    const position = positionOf(this.from(entity) ?? '');
    if (position === undefined) return filter;
    const value = position.kind === 'number' ? String(position.value) : ldapTimeOf(position);
    return filter.replaceAll(WATERMARK_WORD, value);
  }

  /** The column of the watermark; undefined without one. */
  columnOf(entity: string): string | undefined {
    return this.#specs[entity as Entity]?.column;
  }

  /** An address with the value. */
  inUrl(entity: string, url: string): string {
    return url.replaceAll(WATERMARK_WORD, encodeURIComponent(this.from(entity) ?? ''));
  }

  /** The same rows; their newest value is noted. */
  watched(entity: Entity, rows: Flow<FlatRow>, name: string): Flow<FlatRow> {
    const spec = this.#specs[entity];
    if (spec === undefined) return rows;
    return watchRows(rows, () => ({
      onRows: (chunk) => chunk.forEach((row) => this.#note(entity, spec, row, name)),
      // Feeds are not screened.
      onUnchanged: () => undefined,
      onEnd: () => undefined,
    }));
  }

  /**
   * The rows of a file that are not older than the value: a file has no query that could leave them out. The others are counted as left
   * out. Rows without a value are changes without a time.
   */
  fresh(entity: Entity, rows: Flow<FlatRow>): Flow<FlatRow> {
    const spec = this.#specs[entity];
    if (spec === undefined) return rows;
    const isFresh = (row: FlatRow) => {
      const cell: unknown = row[spec.column];
      const [position, from] = [positionOf(textOf(cell) ?? ''), positionOf(this.from(entity) ?? '')];
      if (position === undefined || from === undefined || position.value >= from.value) return true;
      const context = contextOf(rows);
      context.counts(entity).read++;
      context.leaveOut(entity, undefined);
      return false;
    };
    return filter<FlatRow>(isFresh)(rows) as Flow<FlatRow>;
  }

  /** What the state stores after the run. */
  next(): string {
    return JSON.stringify({ ...this.#last, ...this.#newest });
  }

  #note(entity: Entity, { column, from }: WatermarkSpec, row: FlatRow, name: string): void {
    const cell: unknown = row[column];
    const fail = (what: string): never => {
      throw new SourceError(`watermark.${entity}: ${what}`, { file: name });
    };
    if (!Object.hasOwn(row, column)) fail(`a row has no column ${JSON.stringify(column)}`);
    const text = textOf(cell) ?? '';
    if (text === '' && (cell === null || cell === undefined || cell === '')) return;
    const position = positionOf(text);
    if (position === undefined || position.kind !== positionOf(from)?.kind)
      return fail(
        `a row has a value in ${JSON.stringify(column)} that is not a ${positionOf(from)?.kind ?? ''}; from is one`,
      );
    const newest = this.#newest[entity] ?? this.#last[entity];
    if (newest === undefined || (positionOf(newest)?.value ?? 0n) < position.value)
      this.#newest[entity] = text;
  }
}

function textOf(cell: unknown): string | undefined {
  return typeof cell === 'number' || typeof cell === 'string' ? String(cell).trim() : undefined;
}

/** @throws {@link OptionsError} for a watermark that a program stored */
function valuesOf(stored: string | undefined): Values {
  if (stored === undefined) return {};
  try {
    const values: unknown = JSON.parse(stored);
    if (typeof values === 'object' && values !== null && Object.values(values).every(isPosition))
      return values;
  } catch {
    // It is not JSON.
  }
  throw new OptionsError('watermark', 'the state has the watermark of a program; use a state of its own');
}

function isPosition(value: unknown): boolean {
  return typeof value === 'string' && positionOf(value) !== undefined;
}
