import { RollcallError, StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { LmdbBaseline } from './lmdb-baseline.js';
import { lmdbJournal, type Write } from './lmdb-journal.js';
import { LmdbReading } from './lmdb-reading.js';
import { applyRows } from './lmdb-rows.js';
import { emptyHead, type Head, type Tables } from './lmdb-tables.js';
import { runAll } from './run-all.js';
import { stateFailure } from './state-failure.js';
import type { WriterPlace } from './writer-place.js';
import { requireSameTarget, requireWhole } from '../memory/memory-state.js';
import { createOutbox } from '../outbox/outbox.js';
import { RowFiles } from './row-files.js';
import { checkRowFiles } from './row-files-check.js';
import {
  IMPORT_UNFINISHED,
  type EntityCounts,
  type Journal,
  type Outbox,
  type PendingRow,
  type Reading,
  type StateIdentity,
  type StateStore,
  type Target,
} from '../store.js';

/** Rows that are told at once. */
const ROWS_CHUNK = 4096;

/** A state over LMDB, of its one writer. */
export class LmdbState implements StateStore {
  readonly journal: Journal;
  readonly #tables: Tables;
  #fingerprintKey: string;
  #baselines: Readonly<Record<Entity, LmdbBaseline>>;
  readonly #path: string;
  readonly #place: WriterPlace;
  readonly #free: () => void;
  #reading: LmdbReading | undefined;
  #closing: Promise<void> | undefined;

  /** @param free - gives the directory free once everything is closed */
  constructor(tables: Tables, path: string, place: WriterPlace, free: () => void) {
    this.#tables = tables;
    this.#path = path;
    this.#place = place;
    this.#free = free;
    this.#fingerprintKey = this.#head().fingerprintKey;
    this.#baselines = baselinesOf(tables, this.#fingerprintKey, path, place.generation);
    const journal = lmdbJournal(
      tables,
      () => this.#baselines,
      this.#write,
      () => this.#head(),
    );
    this.journal = {
      ...journal,
      settle: async (id, outcome) => {
        await journal.settle(id, outcome);
        await this.#mergeWhereDue();
      },
    };
  }

  get fingerprintKey(): string {
    return this.#fingerprintKey;
  }

  /** Every write: one transaction, refused for a writer that lost its place, on disk when it resolves. */
  readonly #write: Write = async (change) => {
    if (this.#closing !== undefined) throw new StateError('the state is closed');
    const { root, head: table } = this.#tables;
    let outcome: { readonly value: ReturnType<typeof change>['result'] } | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      // A child transaction is rolled back as a whole when its callback throws; a plain one keeps what was put before.
      await root.childTransaction(() => {
        try {
          this.#place.requireKept();
          const before = this.#head();
          const { head, result } = change(before);
          if (head !== undefined) void table.put('head', { ...before, ...head });
          outcome = { value: result };
        } catch (error) {
          failure = { error };
          throw error;
        }
      });
      await root.flushed;
    } catch (cause) {
      this.#forget();
      if (failure?.error instanceof RollcallError) throw failure.error;
      throw stateFailure('the state could not be written', this.#path, cause);
    }
    return (outcome as NonNullable<typeof outcome>).value;
  };

  /** What is in memory may be ahead of a transaction that failed. */
  #forget(): void {
    for (const entity of ENTITIES) this.#baselines[entity].forget();
  }

  #closeBaselines(): void {
    for (const entity of ENTITIES) this.#baselines[entity].close();
  }

  #head(): Head {
    return this.#tables.head.get('head') as Head;
  }

  async target(): Promise<Target | undefined> {
    return this.#head().target;
  }

  async bind(target: Target): Promise<void> {
    const bound = this.#head().target;
    if (bound !== undefined) return requireSameTarget(bound, target);
    const { orgUrl, identitySourceId } = target;
    await this.#write(() => ({ head: { target: { orgUrl, identitySourceId } }, result: undefined }));
  }

  async counts(): Promise<Readonly<Record<Entity, EntityCounts>>> {
    const { users, groups, memberships } = this.#head().counts;
    const counts = ({ known, unknown }: EntityCounts) => ({ known, unknown });
    return { users: counts(users), groups: counts(groups), memberships: counts(memberships) };
  }

  async read(): Promise<Reading> {
    if (this.#reading !== undefined) throw new StateError('a reading is open already');
    requireWhole(await this.getMeta('import'));
    this.#reading = new LmdbReading(this.#baselines, this.#head(), () => (this.#reading = undefined));
    return this.#reading;
  }

  async outbox(): Promise<Outbox> {
    return createOutbox(this.#path);
  }

  async adopt(rows: readonly PendingRow[]): Promise<void> {
    await this.#write((head) => ({
      head: { counts: applyRows(this.#baselines, head.counts, rows, false) },
      result: undefined,
    }));
    await this.#mergeWhereDue();
  }

  async #mergeWhereDue(): Promise<void> {
    for (const entity of ENTITIES) {
      await this.#baselines[entity].mergeWhereDue(this.#head().counts[entity].nextRow, (change) =>
        this.#write(() => {
          change();
          return { result: undefined };
        }),
      );
    }
  }

  async *rows(entity: Entity): AsyncGenerator<readonly PendingRow[], void, undefined> {
    let chunk: PendingRow[] = [];
    for (const rows of this.#baselines[entity].rows(this.#head().counts[entity].nextRow)) {
      chunk.push(...rows);
      if (chunk.length < ROWS_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }

  async absences(entity: Entity): Promise<ReadonlyMap<string, number>> {
    return new Map(this.#absenceRange(entity));
  }

  async setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void> {
    const { absences } = this.#tables;
    await this.#write(() => {
      for (const [key] of this.#absenceRange(entity))
        if (!counts.has(key)) void absences.remove([entity, key]);
      for (const [key, count] of counts) void absences.put([entity, key], count);
      return { result: undefined };
    });
  }

  *#absenceRange(entity: Entity): Generator<[string, number], void, undefined> {
    for (const { key, value } of this.#tables.absences.getRange({ start: [entity, ''] })) {
      if (key[0] !== entity) return;
      yield [key[1], value];
    }
  }

  async restore(identity: StateIdentity): Promise<void> {
    const { extents, overlays, absences, journal, loads, head } = this.#tables;
    const all = [extents, overlays, absences, journal, loads];
    await this.#write(() => {
      for (const table of all) void table.clearSync();
      void head.put('meta:import', IMPORT_UNFINISHED);
      return { head: { ...emptyHead(), ...identity }, result: undefined };
    });
    this.#fingerprintKey = identity.fingerprintKey;
    this.#closeBaselines();
    await checkRowFiles(this.#path, this.#tables);
    this.#baselines = baselinesOf(this.#tables, identity.fingerprintKey, this.#path, this.#place.generation);
  }

  async getMeta(name: string): Promise<string | undefined> {
    return this.#tables.head.get(`meta:${name}`) as string | undefined;
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#write(() => {
      void this.#tables.head.put(`meta:${name}`, value);
      return { result: undefined };
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const failure = await runAll([
      this.#free,
      () => this.#tables.root.close(),
      () => this.#place.release(),
      () => this.#closeBaselines(),
      () => this.#reading?.close(),
    ]);
    if (failure !== undefined) throw stateFailure('the state could not be closed', this.#path, failure.error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function baselinesOf(
  tables: Tables,
  fingerprintKey: string,
  path: string,
  generation: number,
): Readonly<Record<Entity, LmdbBaseline>> {
  const baseline = (entity: Entity) =>
    new LmdbBaseline(tables, entity, fingerprintKey, new RowFiles(tables, entity, path, generation));
  return { users: baseline('users'), groups: baseline('groups'), memberships: baseline('memberships') };
}
