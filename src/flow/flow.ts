import type { Observable } from 'rxjs';
import { CHUNK_SIZE, withoutPlaces, type Chunk } from './chunk.js';
import { OptionsError } from '../core/errors.js';
import { intoChunks } from './into-chunks.js';
import { RecordIterator } from './record-iterator.js';
import { RunContext } from './run-context.js';

/**
 * A stream of records: an `AsyncIterable` that can also be read in chunks. Built-in operators read chunks, because one
 * asynchronous step per record costs more than the work on it (docs/performance.md). All other code can iterate records.
 *
 * A flow can be read once, by one reader. If the reader stops early, the source is closed.
 */
export interface Flow<T> extends AsyncIterable<T> {
  /** The records in chunks. Chunks are never empty, and must not be changed. */
  chunks(): AsyncIterable<Chunk<T>>;
}

/** An iterable of chunks. */
export type Chunks<T> = AsyncIterable<Chunk<T>>;

/** A source for `pipe`. */
// RxJS's own type is listed as well, because its overloads prevent the inference of the value's type.
export type Source<T> = AsyncIterable<T> | Iterable<T> | Observable<T> | ObservableLike<T>;

/** An observable of RxJS or another library: any object with `subscribe`. */
export interface ObservableLike<T> {
  subscribe(observer: { next(value: T): void; error(cause: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/** A stage that turns one flow into another. An `async function*` over records is an operator. */
export type Operator<A, B> = (source: Flow<A>) => AsyncIterable<B>;

/** The last stage of a pipe: reads the flow to its end and returns a result. */
export type Sink<A, R> = (source: Flow<A>) => Promise<R>;

/**
 * Opens a flow without the rows that a request describes as unchanged. Some flows offer this to their reader; the type of
 * the request is in `screening/screen`.
 */
type OpenScreened<T> = (request: never) => Chunks<T> | undefined;

/** Marks the flows of every copy of rollcall that a program may have loaded. */
const FLOW = Symbol.for('rollcall.flow');

/** A flow with its context, created by a source or a stage. */
class StageFlow<T> implements Flow<T> {
  readonly [FLOW] = true;

  constructor(
    readonly chunks: () => Chunks<T>,
    readonly context: RunContext,
    readonly openScreened: OpenScreened<T> | undefined,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return new RecordIterator(this.chunks()[Symbol.asyncIterator]());
  }
}

/** Creates a flow from a function that opens its chunks. The function is called once, at the first pull. */
export function flowOf<T>(
  chunks: () => Chunks<T>,
  context: RunContext,
  openScreened?: OpenScreened<T>,
): Flow<T> {
  return new StageFlow(chunks, context, openScreened);
}

/** True for a flow of {@link flowOf}. */
export function isFlow(value: unknown): value is Flow<unknown> {
  return value instanceof StageFlow;
}

/** The context of a flow; a new context for anything else. */
export function contextOf(source: unknown): RunContext {
  return source instanceof StageFlow ? source.context : new RunContext();
}

/** The function that opens a flow without unchanged rows; undefined if the flow has none. */
export function openScreenedOf<T>(source: Flow<T>): OpenScreened<T> | undefined {
  return source instanceof StageFlow ? (source as StageFlow<T>).openScreened : undefined;
}

/** The same flow with another context, so that several sources share one. Rejections of its own stages reach both contexts. */
export function inContext<T>(source: Flow<T>, context: RunContext): Flow<T> {
  contextOf(source).forwardTo(context);
  return flowOf(() => source.chunks(), context, openScreenedOf(source));
}

/** Converts any iterable to a flow. A flow is returned unchanged. */
export function toFlow<T>(source: AsyncIterable<T> | Iterable<T>, context?: RunContext): Flow<T> {
  if (isFlow(source)) return source as Flow<T>;
  if (typeof source !== 'object' && typeof source !== 'function')
    throw new OptionsError(
      'source',
      typeof source === 'string'
        ? 'expected rows, got text; use fromCsv, fromJson or fromJsonLines for a file'
        : 'expected an iterable',
    );
  if (FLOW in source)
    throw new OptionsError(
      'source',
      'this flow is from another copy of rollcall, whose rejected records would be lost; import one copy only',
    );
  const owner = context ?? new RunContext();
  if (Array.isArray(source)) return flowOf(() => sliceArray(source as T[]), owner);
  if (Symbol.asyncIterator in source) return flowOf(() => intoChunks(source[Symbol.asyncIterator]()), owner);
  if (Symbol.iterator in source) return flowOf(() => intoChunksSync(source), owner);
  if (typeof (source as { readonly then?: unknown }).then === 'function')
    throw new OptionsError('source', 'expected an iterable, got a promise; write await before it');
  throw new OptionsError('source', 'expected an iterable, an async iterable, a Readable or an Observable');
}

/** The result of a stage as a flow; the result of a generator gets the given context. */
export function adoptContext<T>(result: AsyncIterable<T>, context: RunContext): Flow<T> {
  return isFlow(result) ? (result as Flow<T>) : toFlow(result, context);
}

async function* sliceArray<T>(records: readonly T[]): AsyncGenerator<Chunk<T>, void, undefined> {
  for (let start = 0; start < records.length; start += CHUNK_SIZE)
    yield withoutPlaces(records.slice(start, start + CHUNK_SIZE));
}

async function* intoChunksSync<T>(source: Iterable<T>): AsyncGenerator<Chunk<T>, void, undefined> {
  let chunk: T[] = [];
  try {
    for (const record of source) {
      chunk.push(record);
      if (chunk.length === CHUNK_SIZE) {
        yield withoutPlaces(chunk);
        chunk = [];
      }
    }
  } catch (error) {
    // Yield the records before the failure first, as if they were read one by one.
    if (chunk.length > 0) yield withoutPlaces(chunk);
    throw error;
  }
  if (chunk.length > 0) yield withoutPlaces(chunk);
}
