import type { Observable } from 'rxjs';
import { CHUNK_SIZE } from './chunk.js';
import { OptionsError } from '../core/errors.js';
import { gather } from './into-chunks.js';
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
  chunks(): AsyncIterable<readonly T[]>;
}

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

const CONTEXT = Symbol('context');

/** Makes a flow from a function that opens its chunks. The function is called once, at the first pull. */
export function flowOf<T>(chunks: () => AsyncIterable<readonly T[]>, context: RunContext): Flow<T> {
  const flow: Flow<T> & { [CONTEXT]: RunContext } = {
    chunks,
    [Symbol.asyncIterator]: () => new RecordIterator(chunks()[Symbol.asyncIterator]()),
    [CONTEXT]: context,
  };
  return flow;
}

/** True for what {@link flowOf} made. */
export function isFlow(value: unknown): value is Flow<unknown> {
  return typeof value === 'object' && value !== null && CONTEXT in value;
}

/** The context that a flow carries; a new one for anything else. */
export function contextOf(source: unknown): RunContext {
  return isFlow(source) ? (source as unknown as { [CONTEXT]: RunContext })[CONTEXT] : new RunContext();
}

/** Any iterable as a flow. What is one already is returned as it is. */
export function toFlow<T>(source: AsyncIterable<T> | Iterable<T>, context?: RunContext): Flow<T> {
  if (isFlow(source)) return source as Flow<T>;
  if (typeof source !== 'object' && typeof source !== 'function')
    throw new OptionsError('source', 'expected an iterable');
  const owner = context ?? new RunContext();
  if (Array.isArray(source)) return flowOf(() => sliceArray(source as T[]), owner);
  if (Symbol.asyncIterator in source) return flowOf(() => gather(source[Symbol.asyncIterator]()), owner);
  if (Symbol.iterator in source) return flowOf(() => gatherSync(source), owner);
  throw new OptionsError('source', 'expected an iterable, an async iterable, a Readable or an Observable');
}

/** A flow with another's context, for stages written as generators. */
export function adoptContext<T>(result: AsyncIterable<T>, context: RunContext): Flow<T> {
  return isFlow(result) ? (result as Flow<T>) : toFlow(result, context);
}

async function* sliceArray<T>(records: readonly T[]): AsyncGenerator<readonly T[], void, undefined> {
  for (let start = 0; start < records.length; start += CHUNK_SIZE)
    yield records.slice(start, start + CHUNK_SIZE);
}

async function* gatherSync<T>(source: Iterable<T>): AsyncGenerator<readonly T[], void, undefined> {
  let chunk: T[] = [];
  try {
    for (const record of source) {
      chunk.push(record);
      if (chunk.length === CHUNK_SIZE) {
        yield chunk;
        chunk = [];
      }
    }
  } catch (error) {
    // What came before a failure is handed on first, as it would be record by record.
    if (chunk.length > 0) yield chunk;
    throw error;
  }
  if (chunk.length > 0) yield chunk;
}
