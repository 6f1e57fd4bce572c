import { OptionsError, RollcallError, SourceError } from '../../core/errors.js';
import type { Chunk } from '../../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Source } from '../../flow/flow.js';
import { pipe } from '../../flow/pipe.js';
import { RunContext } from '../../flow/run-context.js';
import type { FlatRow } from '../../transform/to-records.js';
import { isCodeSource, type ConfigSource } from '../settings/code-config.js';
import { describeFailure } from '../text/describe-failure.js';
import type { RowInput } from './inputs.js';
import { SameRows } from './same-rows.js';

/**
 * The input of a source in a config in code.
 *
 * @param signal - ends the reading
 * @param watermarkOf - returns the value from which a feed is read, when it is read
 */
export function codeInput(
  entity: string,
  source: ConfigSource,
  signal: AbortSignal,
  watermarkOf: () => string | undefined = () => undefined,
): RowInput {
  const name = `${entity} (config)`;
  const seen = new SameRows(name);
  let reads = 0;
  return {
    name,
    rows: () => {
      if (++reads > 1 && isReadOnce(source))
        throw new OptionsError(
          entity,
          `the config has an iterable, which can be read only once, and the mapping reads it again for groups or memberships; write a function that returns it: ${entity}: () => ...`,
        );
      const given = async () => {
        const watermark = watermarkOf();
        if (typeof source !== 'function') return source;
        return source({ signal, ...(watermark !== undefined && { watermark }) });
      };
      const rows = opened(async () => flowFrom(await given(), name), name);
      return seen.watched(rows);
    },
  };
}

/** Whether an iterable ends with its first read. Arrays and sets begin again. */
function isReadOnce(source: ConfigSource): boolean {
  if (typeof source === 'function') return false;
  if (typeof source === 'object' && Symbol.iterator in source)
    return Object.is(source[Symbol.iterator](), source);
  return true;
}

/** @throws {@link SourceError} for what a function returns that is not iterable */
function flowFrom(given: unknown, name: string): Flow<object> {
  const isSource = isCodeSource(given) && typeof given !== 'function';
  if (isSource || (Array.isArray(given) && given.length === 0)) return pipe(given as Source<object>);
  throw new SourceError('the function of the config file returned nothing that can be iterated', {
    file: name,
  });
}

/** The rows of a source that is opened at the first pull. Its own rejected records are those of the run. */
function opened(open: () => Promise<Flow<object>>, name: string): Flow<FlatRow> {
  const context = new RunContext();
  async function* chunks(): AsyncGenerator<Chunk<object>, void, undefined> {
    try {
      const flow = await open();
      contextOf(flow).forwardTo(context);
      yield* flow.chunks();
      const { sourceFiles, blankRows } = contextOf(flow);
      context.sourceFiles = sourceFiles;
      context.blankRows = blankRows;
    } catch (error) {
      throw error instanceof RollcallError ? error : failed(error, name);
    }
  }
  return flowOf(chunks, context) as Flow<FlatRow>;
}

function failed(error: unknown, name: string): SourceError {
  return new SourceError(
    `the source of the config file failed, so nothing counts as removed: ${describeFailure(error)}`,
    {
      file: name,
    },
  );
}
