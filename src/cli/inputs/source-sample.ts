import type { Clock } from '../../core/clock.js';
import { SourceError } from '../../core/errors.js';
import { untilAborted } from '../../flow/until-aborted.js';
import type { RowInput } from './inputs.js';
import { sampleRows } from './sample-rows.js';
import type { SampledSource, TableSample } from './table-sample.js';

/** The longest time for the sample of a source, in milliseconds. */
export const SAMPLE_MS = 25_000;

/**
 * Reads the first rows of a database or a directory, for at most {@link SAMPLE_MS}. The connection is closed on every exit.
 *
 * @param signal - ends the reading
 * @throws {@link SourceError} if the source cannot be read, or has no row. {@link AbortedError}
 */
export async function sourceSample(
  input: RowInput,
  kind: Pick<SampledSource, 'kind' | 'isAnonymous'>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<TableSample> {
  const [over, done] = [new AbortController(), new AbortController()];
  // A source that is silent is closed: otherwise its connection would outlive the sample.
  const close = async () => input.close?.();
  const end = async () => {
    await clock.sleep(SAMPLE_MS, done.signal);
    over.abort();
    await close();
  };
  end().catch(() => undefined);
  try {
    const sample = await sampleRows([], inTime(input.rows(), over.signal, signal));
    if (sample.rows === 0) throw noRows(input.name, over.signal.aborted);
    return { ...sample, source: { ...kind, ...(over.signal.aborted && { endedAfterMs: SAMPLE_MS }) } };
  } finally {
    done.abort();
    await close();
  }
}

/** The rows until the time is over. */
async function* inTime<T>(
  rows: AsyncIterable<T>,
  over: AbortSignal,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* untilAborted(rows, AbortSignal.any([over, signal]));
  } catch (error) {
    if (!over.aborted || signal.aborted) throw error;
  }
}

function noRows(name: string, isOver: boolean): SourceError {
  const place = { file: name };
  return isOver
    ? new SourceError(
        `no row came within ${SAMPLE_MS / 1000} s; choose fewer rows, such as with LIMIT`,
        place,
      )
    : new SourceError(
        'it has no row, and a mapping is derived from values; check the query or the filter',
        place,
      );
}
