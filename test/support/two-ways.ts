import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextOf, type Flow } from '../../src/flow/flow.js';
import { keyOf, type Change, type Entity, type RecordOf } from '../../src/core/model.js';
import { diff, type DiffOptions } from '../../src/diff/diff.js';
import { diffCountsOf, type DiffCounts } from '../../src/diff/diff-counts.js';
import { map } from '../../src/transform/map.js';
import { validate } from '../../src/validate/validate.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';
import { pipe } from '../../src/flow/pipe.js';
import type { ReadCounts, Rejection } from '../../src/core/rejection.js';
import type { FlatRow } from '../../src/transform/to-records.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { LONGEST_KEY } from '../../src/state/lmdb/row-codec.js';
import { ATTRIBUTE_NAMES } from '../../src/state/known-attributes.js';
import type { AdoptedRow, StateStore } from '../../src/state/store.js';
import { confirmed, gone } from './rows.js';

/** The complete result of a run of one entity, up to its changes. */
export interface Run {
  readonly changes: readonly Change[];
  /** Sorted by position, because the duplicate of an unchanged row is reported at the end of its block. */
  readonly rejections: readonly Rejection[];
  readonly counts: ReadCounts;
  readonly note: DiffCounts | undefined;
  readonly error: { readonly code: unknown; readonly file: unknown; readonly line: unknown } | undefined;
}

/** The stages from rows to changes. */
export interface Way<E extends Entity> {
  readonly entity: E;
  readonly toRecord: (row: FlatRow) => RecordOf[E];
  readonly validate?: ValidateOptions;
  readonly diff?: DiffOptions;
}

/** Runs `use` with a new state on disk. */
export async function withState<R>(use: (state: StateStore) => Promise<R>): Promise<R> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-screen-'));
  const state = await openState(directory);
  try {
    return await use(state);
  } finally {
    await state.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Replaces the baseline of a state by these records. Of several with the same key, the last one is used. */
export async function replaceBaseline<E extends Entity>(
  state: StateStore,
  entity: E,
  records: readonly RecordOf[E][],
): Promise<void> {
  const digester = createDigester(state.fingerprintKey);
  const rows = new Map<string, AdoptedRow>();
  for await (const held of state.rows(entity)) for (const { key } of held) rows.set(key, gone(entity, key));
  for (const record of records) {
    const key = keyOf(entity, record);
    // `validate` would reject the record, because its id is too long.
    if (Buffer.byteLength(key) > LONGEST_KEY) continue;
    const digest = digester.of(entity, record);
    rows.set(key, confirmed(entity, key, { digest, attributes: '' }));
  }
  await state.adopt([...rows.values()]);
  await withKnownAttributes(state);
}

/** Makes a state one that knows the attributes of its source, as after a run: the first run without them reads all rows. */
export async function withKnownAttributes(state: StateStore): Promise<void> {
  for (const name of ATTRIBUTE_NAMES)
    await state.setMeta(name, JSON.stringify({ names: [], isComplete: true }));
}

/** Reads a source to its end, or to its first error. Nothing is written to the state. */
export async function runOf<E extends Entity>(
  rows: Flow<FlatRow>,
  way: Way<E>,
  state: StateStore,
): Promise<Run> {
  const { entity } = way;
  const flow: Flow<Change> = pipe(
    rows,
    map(way.toRecord),
    validate(entity, way.validate),
    diff(entity, state, way.diff),
  );
  const context = contextOf(flow);
  const rejections: Rejection[] = [];
  context.onReject((rejection) => rejections.push(rejection));
  const changes: Change[] = [];
  let error: Run['error'];
  try {
    for await (const change of flow) changes.push(change);
  } catch (thrown) {
    const { code, file, line } = thrown as { code?: unknown; file?: unknown; line?: unknown };
    if (code === undefined) throw thrown;
    error = { code, file, line };
  }
  return {
    changes,
    rejections: rejections.toSorted((a, b) => a.position - b.position),
    counts: { ...context.counts(entity) },
    note: diffCountsOf(context, entity) && { ...(diffCountsOf(context, entity) as DiffCounts) },
    error,
  };
}

/** The same stages without screening: every row becomes a record, and is validated and compared. */
export function unscreened<E extends Entity>(way: Way<E>): Way<E> {
  return { ...way, diff: { ...way.diff, screening: false } };
}

/** The offsets at which an input is divided into pieces. */
export type Cuts = readonly number[] | 'everywhere';

/** Bytes in pieces. With `fails`, an error follows the last one. */
export async function* inPieces(bytes: Uint8Array, cuts: Cuts, fails = false): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  const places = cuts === 'everywhere' ? Array.from(bytes.keys()) : [...cuts].sort((a, b) => a - b);
  let start = 0;
  for (const cut of places) {
    if (cut <= start || cut >= bytes.length) continue;
    // A copy, because the reader may change it.
    yield Uint8Array.from(bytes.subarray(start, cut));
    start = cut;
  }
  yield Uint8Array.from(bytes.subarray(start));
  if (fails) throw new Error('the connection is gone');
}
