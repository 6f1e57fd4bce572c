import { pick, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';
import { withoutStages } from '../flow/stage-order.js';

/**
 * Leaves out the records for which the predicate is not true.
 *
 * A record that is left out before `diff` counts as missing from the source. If the entity is in Okta, it is removed there.
 *
 * @throws {@link OptionsError} at once if the predicate is not a function.
 */
export function filter<A>(predicate: (record: A, index: number) => boolean): Operator<A, A> {
  requireFunction('predicate', predicate);
  return withoutStages((source) => flowOf(() => filtered(source, predicate), contextOf(source)));
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
