import { OptionsError } from '../core/errors.js';
import {
  adoptContext,
  contextOf,
  toFlow,
  type Flow,
  type ObservableLike,
  type Operator,
  type Source,
} from './flow.js';
import { fromObservable } from './observable.js';
import { requireStageOrder } from './stage-order.js';

/** The last stage of a pipe: an operator or a sink. */
type Last<A, R> = (source: Flow<A>) => R;

/** The result of a pipe: a flow where the last stage is an operator, else the promise of the sink. */
type Piped<R> = R extends AsyncIterable<infer T> ? Flow<T> : R;

/**
 * Connects a source and stages. Returns a flow; if the last stage is a sink, runs the pipeline and returns the sink's promise.
 *
 * The source is any sync or async iterable, a Node Readable or an Observable. Nothing is read before the resulting flow is
 * read. Every source is closed on every exit: at its end, after a failure, and if the reader stops early.
 *
 * Up to nine operators are typed: each takes what the one before it emits, and the last stage takes what the last of them emits.
 *
 * @example
 * const report = await pipe(
 *   rows,
 *   map(toUser),
 *   validate('users'),
 *   diff('users', state),
 *   guard(state),
 *   batch(),
 *   upload(okta, state),
 * );
 * @throws {@link OptionsError} if the source or a stage is invalid, or if a built-in stage is in the wrong place.
 */
export function pipe<A>(source: Source<A>): Flow<A>;
export function pipe<A, R>(source: Source<A>, last: Last<A, R>): Piped<R>;
export function pipe<A, B, R>(source: Source<A>, op1: Operator<A, B>, last: Last<B, R>): Piped<R>;
export function pipe<A, B, C, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  last: Last<C, R>,
): Piped<R>;
export function pipe<A, B, C, D, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  last: Last<D, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  last: Last<E, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, F, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  last: Last<F, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, F, G, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  last: Last<G, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, F, G, H, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  last: Last<H, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, F, G, H, I, R>(
  source: Source<A>,
  op1: Operator<A, B>,
  op2: Operator<B, C>,
  op3: Operator<C, D>,
  op4: Operator<D, E>,
  op5: Operator<E, F>,
  op6: Operator<F, G>,
  op7: Operator<G, H>,
  op8: Operator<H, I>,
  last: Last<I, R>,
): Piped<R>;
export function pipe<A, B, C, D, E, F, G, H, I, J, R>(
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
  last: Last<J, R>,
): Piped<R>;
export function pipe(source: Source<unknown>, ...stages: Last<unknown, unknown>[]): unknown {
  let flow = toFlow(isObservable(source) ? fromObservable(source) : (source as AsyncIterable<unknown>));
  requireStageOrder(source, stages);
  for (const [i, stage] of stages.entries()) {
    if (typeof stage !== 'function') throw new OptionsError(`stage ${i + 1}`, 'expected a function');
    const result = stage(flow);
    if (isPromise(result)) {
      if (i !== stages.length - 1) throw new OptionsError(`stage ${i + 1}`, 'a sink must be the last stage');
      return result;
    }
    flow = adoptContext(result as Flow<unknown>, contextOf(flow));
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
