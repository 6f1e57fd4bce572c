import { createHash } from 'node:crypto';
import { OptionsError, RollcallError, SourceError } from '../../core/errors.js';
import type { Chunk } from '../../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Source } from '../../flow/flow.js';
import { pipe } from '../../flow/pipe.js';
import { RunContext } from '../../flow/run-context.js';
import { watchRows, type RowWatcher } from '../../sources/watch-rows.js';
import type { FlatRow } from '../../transform/to-records.js';
import { isCodeSource, type ConfigSource } from '../settings/code-config.js';
import { describeFailure } from '../text/describe-failure.js';
import type { RowInput } from './inputs.js';

/**
 * The input of a source in a config in code.
 *
 * @param signal - ends the reading
 */
export function codeInput(entity: string, source: ConfigSource, signal: AbortSignal): RowInput {
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
      const given = async () => (typeof source === 'function' ? await source({ signal }) : source);
      const rows = opened(async () => flowFrom(await given(), name), name);
      return watchRows(rows, () => (reads > 1 ? seen.nextRead() : IGNORE));
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

const IGNORE: RowWatcher<FlatRow> = {
  onRows: () => undefined,
  onUnchanged: () => undefined,
  onEnd: () => undefined,
};

/** Checks that all reads of a source in one run have the same rows, in any order. */
class SameRows {
  readonly #name: string;
  #first: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  nextRead(): RowWatcher<FlatRow> {
    const sum = new RowSum();
    return {
      onRows: (rows) => rows.forEach((row) => sum.add(row)),
      // Such sources are not screened.
      onUnchanged: () => undefined,
      onEnd: () => {
        const digest = sum.text();
        this.#first ??= digest;
        if (this.#first === digest) return;
        throw new SourceError(
          'two reads of this run had different rows; read them from one snapshot, and run again',
          { file: this.#name },
        );
      },
    };
  }
}

/** The number of rows, and the sum of their digests. */
class RowSum {
  #count = 0;
  readonly #sum = new Uint32Array(4);

  add(row: object): void {
    this.#count++;
    const text = JSON.stringify(row, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const digest = createHash('sha256').update(text).digest();
    // The elements are numbers of 32 bits: a sum that does not fit wraps.
    for (let i = 0; i < 4; i++) this.#sum[i] = (this.#sum[i] as number) + digest.readUInt32LE(i * 4);
  }

  text(): string {
    return `${this.#count} ${this.#sum.join(' ')}`;
  }
}
