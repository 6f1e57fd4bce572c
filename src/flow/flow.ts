import type { Observable } from 'rxjs';
import { CHUNK_SIZE, withoutPlaces, type Chunk } from './chunk.js';
import { OptionsError } from '../core/errors.js';
import { intoChunks } from './into-chunks.js';
import { RecordIterator } from './record-iterator.js';
import { RunContext } from './run-context.js';

/**
 * A stream of records that is pulled: an `AsyncIterable` that can also hand over whole chunks. Built-in operators
 * pass chunks to each other, because a hop per record costs more than the work (docs/performance.md); anything
 * else iterates records.
 *
 * A flow is read once, by one reader; leaving it early closes its source.
 */
export interface Flow<T> extends AsyncIterable<T> {
  /** The records, some at a time. Chunks are never empty, and are not to be changed. */
  chunks(): AsyncIterable<Chunk<T>>;
}

/** The chunks of a flow, as they are read. */
export type Chunks<T> = AsyncIterable<Chunk<T>>;

/** What `pipe` takes as its source. */
// RxJS's own type stands beside the plain one because its overloads hide the value's type from inference.
export type Source<T> = AsyncIterable<T> | Iterable<T> | Observable<T> | ObservableLike<T>;

/** An RxJS (or other) observable, known by its `subscribe`. */
export interface ObservableLike<T> {
  subscribe(observer: { next(value: T): void; error(cause: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/** A stage that turns a flow into another. A hand-written `async function*` over records is one. */
export type Operator<A, B> = (source: Flow<A>) => AsyncIterable<B>;

/** The last stage of a pipe: reads the flow to its end and returns what it came to. */
export type Sink<A, R> = (source: Flow<A>) => Promise<R>;

/**
 * Another way to open a flow, where it has one: with those rows left out that a request describes. A flow carries it for its
 * reader; the request is the screening's (`screening/screen`).
 */
type OpenScreened<T> = (request: never) => Chunks<T> | undefined;

/** A flow that a source or a stage made. */
class StageFlow<T> implements Flow<T> {
  constructor(
    readonly chunks: () => Chunks<T>,
    readonly context: RunContext,
    readonly openScreened: OpenScreened<T> | undefined,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return new RecordIterator(this.chunks()[Symbol.asyncIterator]());
  }
}

/** Makes a flow from a function that opens its chunks. The function is called once, at the first pull. */
export function flowOf<T>(
  chunks: () => Chunks<T>,
  context: RunContext,
  openScreened?: OpenScreened<T>,
): Flow<T> {
  return new StageFlow(chunks, context, openScreened);
}

/** True for what {@link flowOf} made. */
export function isFlow(value: unknown): value is Flow<unknown> {
  return value instanceof StageFlow;
}

/** The context that a flow carries; a new one for anything else. */
export function contextOf(source: unknown): RunContext {
  return source instanceof StageFlow ? source.context : new RunContext();
}

/** The other way to open a flow, where it has one. */
export function openScreenedOf<T>(source: Flow<T>): OpenScreened<T> | undefined {
  return source instanceof StageFlow ? (source as StageFlow<T>).openScreened : undefined;
}

/** The same flow in another context, so that several sources share one; what its own stages reject reaches both. */
export function inContext<T>(source: Flow<T>, context: RunContext): Flow<T> {
  contextOf(source).forwardTo(context);
  return flowOf(() => source.chunks(), context, openScreenedOf(source));
}

/** Any iterable as a flow. What is one already is returned as it is. */
export function toFlow<T>(source: AsyncIterable<T> | Iterable<T>, context?: RunContext): Flow<T> {
  if (isFlow(source)) return source as Flow<T>;
  if (typeof source !== 'object' && typeof source !== 'function')
    throw new OptionsError('source', 'expected an iterable');
  const owner = context ?? new RunContext();
  if (Array.isArray(source)) return flowOf(() => sliceArray(source as T[]), owner);
  if (Symbol.asyncIterator in source) return flowOf(() => intoChunks(source[Symbol.asyncIterator]()), owner);
  if (Symbol.iterator in source) return flowOf(() => intoChunksSync(source), owner);
  throw new OptionsError('source', 'expected an iterable, an async iterable, a Readable or an Observable');
}

/** A flow with another's context, for stages written as generators. */
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
    // What came before a failure is passed on first, as it would be record by record.
    if (chunk.length > 0) yield withoutPlaces(chunk);
    throw error;
  }
  if (chunk.length > 0) yield withoutPlaces(chunk);
}
