import { parseDuration } from '../text/duration.js';
import { positionOf } from '../inputs/position.js';
import { isObject, Unexpected, type JsonSchema } from './setting-kinds.js';

/** How a feed of changes is read on from where the last run ended, as a config file writes it. */
export interface WatermarkColumn {
  /** The column with the time of the change, or with a number that grows. */
  readonly column: string;
  /** The value for the first run, which reads the whole feed. */
  readonly from: string;
  /** How much earlier than the newest value the next run begins, for changes that become visible late. @defaultValue `0s` */
  readonly overlap?: string;
}

/** {@link WatermarkColumn}, checked. */
export interface WatermarkSpec {
  readonly column: string;
  readonly from: string;
  readonly overlapMs: number;
}

const OPTIONS: readonly string[] = ['column', 'from', 'overlap'];

/** @throws Unexpected for anything that is not a {@link WatermarkColumn} */
export function readWatermarkColumn(value: unknown): WatermarkSpec {
  if (!isObject(value) || Object.keys(value).some((name) => !OPTIONS.includes(name)))
    throw new Unexpected('{ "column": "...", "from": "...", "overlap": "10m" }', value);
  const { column, from, overlap = '0s' } = value;
  if (typeof column !== 'string' || column.trim() === '') throw new Unexpected('a name as column', column);
  const position = typeof from === 'string' ? positionOf(from) : undefined;
  if (position === undefined)
    throw new Unexpected('a day, a time or a whole number in quotes as from, for the first run', from);
  const overlapMs = typeof overlap === 'string' ? parseDuration(overlap) : undefined;
  if (overlapMs === undefined) throw new Unexpected('a duration such as 10m as overlap', overlap);
  if (overlapMs > 0 && position.kind === 'number')
    throw new Unexpected('no overlap: the column has numbers, and an overlap is a time');
  return { column, from: from as string, overlapMs };
}

const TEXT: JsonSchema = { type: 'string', pattern: '\\S' };

/** The JSON Schema of a {@link WatermarkColumn}. */
export const WATERMARK_SCHEMA: JsonSchema = Object.freeze({
  type: 'object',
  properties: {
    column: { ...TEXT, description: 'the column with the time of the change, or with a number that grows' },
    from: { ...TEXT, description: 'the value for the first run, which reads the whole feed' },
    overlap: {
      ...TEXT,
      description: 'how much earlier than the newest value the next run begins, such as 10m',
    },
  },
  required: ['column', 'from'],
  additionalProperties: false,
});
