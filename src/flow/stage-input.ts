import { OptionsError } from '../core/errors.js';
import { contextOf, flowOf, openScreenedOf, type Flow } from './flow.js';
import { stageTexts, type StageName } from './stage-order.js';

/**
 * The same flow, which fails if it has anything but the output of the stage that must come before the named one. In programs without
 * types that stage may be missing, and `requireStageOrder` cannot see it in a stage or source of the program's own.
 *
 * @param isOutput - decides by a property that only the output of that stage has
 * @throws {@link OptionsError} while reading, with the names of both stages
 */
export function stageInput<T>(
  name: StageName,
  source: Flow<T>,
  isOutput: (item: Readonly<Record<string, unknown>>) => boolean,
): Flow<T> {
  async function* chunks() {
    for await (const chunk of source.chunks()) {
      for (const item of chunk as readonly unknown[]) {
        if (typeof item !== 'object' || item === null || !isOutput(item as Record<string, unknown>))
          throw wrongInput(name);
      }
      yield chunk;
    }
  }
  return flowOf(chunks, contextOf(source), openScreenedOf(source));
}

function wrongInput(name: StageName): OptionsError {
  const { stage, before } = stageTexts(name);
  return new OptionsError(
    stage,
    `received something else than the output of ${before}, which must come before it`,
  );
}
