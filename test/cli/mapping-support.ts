import type { DirectorySources } from '../../src/sync/directory-changes.js';
import type { Mode } from '../../src/core/mode.js';
import { ENTITIES, type Entity } from '../../src/core/model.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import type { Rejection } from '../../src/core/rejection.js';

/** Everything that sources come to, entity by entity, in the order of a run: good records, and rejections. */
export async function drainSources(sources: DirectorySources, mode: Mode = 'full') {
  const records: Partial<Record<Entity, unknown[]>> = {};
  const rejections: Rejection[] = [];
  for (const entity of ENTITIES) {
    const source = sources[entity];
    if (source === undefined) continue;
    const list: unknown[] = (records[entity] = []);
    const onReject = (rejection: Rejection) => rejections.push(rejection);
    for await (const record of pipe(
      source as Iterable<never>,
      validate(entity, { required: [], mode, onReject }),
    ))
      list.push(record);
  }
  return { records, rejections };
}
