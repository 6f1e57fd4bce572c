import { pick, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';

/**
 * Leaves out the records for which the predicate is not true.
 *
 * What is left out before `diff` counts as absent from the source, and is removed at Okta when it was there.
 *
 * @throws {@link OptionsError} at once when the predicate is no function.
 */
export function filter<A>(predicate: (record: A, index: number) => boolean): Operator<A, A> {
  requireFunction('predicate', predicate);
  return (source) => flowOf(() => filtered(source, predicate), contextOf(source));
}

async function* filtered<A>(
  source: Flow<A>,
  predicate: (record: A, index: number) => boolean,
): AsyncGenerator<Chunk<A>, void, undefined> {
  let index = 0;
  for await (const chunk of source.chunks()) {
    const kept: number[] = [];
    for (let i = 0; i < chunk.length; i++) if (predicate(chunk[i] as A, index++)) kept.push(i);
    if (kept.length === chunk.length) yield chunk;
    else if (kept.length > 0) yield pick(chunk, kept);
  }
}
