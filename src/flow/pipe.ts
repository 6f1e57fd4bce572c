import { OptionsError } from '../core/errors.js';
import {
  adoptContext,
  contextOf,
  toFlow,
  type Flow,
  type ObservableLike,
  type Operator,
  type Sink,
  type Source,
} from './flow.js';
import { fromObservable } from './observable.js';

type Stage<A, B> = Operator<A, B> | Sink<A, B>;
/** The last stage of a pipe that returns a flow. */
type Last<A, B> = Operator<A, B>;

/**
 * Connects a source and stages. Returns a flow; if the last stage is a sink, runs the pipeline and returns the sink's promise.
 *
 * The source is any sync or async iterable, a Node Readable or an Observable. Nothing is read before the resulting flow is
 * read. Every source is closed on every exit: at its end, after a failure, and if the reader stops early.
 *
 * @example
 * const report = await pipe(rows, map(toUser), validate('users'), diff('users', state), guard(state), batch(), upload(okta, state));
 * @throws {@link OptionsError} if the source or a stage is invalid.
 */
export function pipe<A>(source: Source<A>): Flow<A>;
export function pipe<A, R>(source: Source<A>, last: Sink<A, R>): Promise<R>;
export function pipe<A, B>(source: Source<A>, last: Last<A, B>): Flow<B>;
export function pipe<A, B, C>(source: Source<A>, op1: Operator<A, B>, last: Sink<B, C>): Promise<C>;
export function pipe<A, B, C>(source: Source<A>, op1: Operator<A, B>, last: Last<B, C>): Flow<C>;
export function pipe<A, B, C, D>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  last: Sink<C, D>,
): Promise<D>;
export function pipe<A, B, C, D>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  last: Last<C, D>,
): Flow<D>;
export function pipe<A, B, C, D, E>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  last: Sink<D, E>,
): Promise<E>;
export function pipe<A, B, C, D, E>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  last: Last<D, E>,
): Flow<E>;
export function pipe<A, B, C, D, E, F>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  last: Sink<E, F>,
): Promise<F>;
export function pipe<A, B, C, D, E, F>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  last: Last<E, F>,
): Flow<F>;
export function pipe<A, B, C, D, E, F, G>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  last: Sink<F, G>,
): Promise<G>;
export function pipe<A, B, C, D, E, F, G>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  last: Last<F, G>,
): Flow<G>;
export function pipe<A, B, C, D, E, F, G, H>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  last: Sink<G, H>,
): Promise<H>;
export function pipe<A, B, C, D, E, F, G, H>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  last: Last<G, H>,
): Flow<H>;
export function pipe<A, B, C, D, E, F, G, H, I>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  last: Sink<H, I>,
): Promise<I>;
export function pipe<A, B, C, D, E, F, G, H, I>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  last: Last<H, I>,
): Flow<I>;
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  last: Sink<I, J>,
): Promise<J>;
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  last: Last<I, J>,
): Flow<J>;
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  op9: Operator<I, J>,
  last: Sink<J, K>,
): Promise<K>;
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  op9: Operator<I, J>,
  last: Last<J, K>,
): Flow<K>;
export function pipe(
  source: Source<unknown>,
  ...stages: Stage<unknown, unknown>[]
): Flow<unknown> | Promise<unknown> {
  let flow = toFlow(isObservable(source) ? fromObservable(source) : (source as AsyncIterable<unknown>));
  for (const [i, stage] of stages.entries()) {
    if (typeof stage !== 'function') throw new OptionsError(`stage ${i + 1}`, 'expected a function');
    const result = stage(flow);
    if (isPromise(result)) {
      if (i !== stages.length - 1) throw new OptionsError(`stage ${i + 1}`, 'a sink must be the last stage');
      return result;
    }
    flow = adoptContext(result, contextOf(flow));
  }
  return flow;
}

function isObservable(source: unknown): source is ObservableLike<unknown> {
  if (typeof source !== 'object' || source === null) return false;
  return (
    !(Symbol.asyncIterator in source) && typeof (source as { subscribe?: unknown }).subscribe === 'function'
  );
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === 'function';
}
