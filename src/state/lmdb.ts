import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { open } from 'lmdb';
import { systemClock, type Clock } from '../clock.js';
import { BusyError, RollcallError, StateError } from '../errors.js';
import { ENTITIES, type Entity } from '../model.js';
import { refuseUnknown } from '../options.js';
import { LmdbBaseline } from './lmdb-baseline.js';
import { checkStateFile } from './lmdb-file.js';
import { lmdbJournal, type Write } from './lmdb-journal.js';
import { LmdbReading } from './lmdb-reading.js';
import { applyRows } from './lmdb-rows.js';
import { FORMAT, openTables, type Head, type Holder, type Tables } from './lmdb-tables.js';
import { BEAT_MS, isAlive, isThisProcess, thisHolder } from './lock.js';
import { requireSameTarget, requireWhole } from './memory.js';
import { createOutbox, OUTBOX_PREFIX } from './outbox.js';
import { checkRowFiles, RowFiles } from './row-files.js';
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
} from './store.js';

/** Options of {@link openState}. */
export interface OpenStateOptions {
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
}

const FILE = 'state.mdb';
const ROWS_CHUNK = 4096;
/** States that this process has open: a pid alone does not tell two openers of one process apart. */
const openPaths = new Set<string>();

/**
 * Opens the state in a directory, and makes it where there is none. It is embedded and crash-safe: every write is one
 * transaction that is on disk, power loss included, when its promise resolves. It holds external ids and keyed
 * fingerprints, no profile. The directory is 0700 and its files 0600.
 *
 * One process at a time writes it. A holder that died is taken over; on another host it counts as dead once it has
 * not told that it lives for a minute.
 *
 * @throws {@link BusyError} when another holder lives; {@link StateError} when the directory cannot be used, or holds a
 * state of another format (`ERR_ROLLCALL_STATE_FORMAT`).
 */
export async function openState(directory: string, options: OpenStateOptions = {}): Promise<StateStore> {
  refuseUnknown('openState', options, ['clock']);
  const clock = options.clock ?? systemClock;
  const path = resolve(directory);
  const tables = await openDirectory(path);
  try {
    const holder = await takeOver(tables, path, clock);
    openPaths.add(path);
    try {
      await removeOldOutboxes(path);
      await checkRowFiles(path, tables);
      return new LmdbState(tables, path, clock, holder);
    } catch (error) {
      openPaths.delete(path);
      throw error;
    }
  } catch (error) {
    await tables.root.close();
    throw error instanceof RollcallError
      ? error
      : new StateError('the state cannot be opened', { cause: error });
  }
}

async function openDirectory(path: string): Promise<Tables> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    const file = join(path, FILE);
    await checkStateFile(file);
    const root = open({ path: file, noSubdir: true, maxDbs: 16, permissionsMode: 0o600 } as Parameters<
      typeof open
    >[0]);
    const tables = openTables(root);
    await Promise.all([chmod(file, 0o600), chmod(`${file}-lock`, 0o600)]);
    return tables;
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(`the state directory cannot be opened`, { cause });
  }
}

/** Becomes the writer, in one transaction. */
async function takeOver(tables: Tables, path: string, clock: Clock): Promise<Holder> {
  let refusal: RollcallError | undefined;
  let holder = thisHolder(clock, 1);
  await tables.root.transaction(() => {
    const head = tables.head.get('head') as Head | undefined;
    if (head !== undefined && head.format !== FORMAT) {
      refusal = new StateError(`the state has format ${head.format}; this version reads ${FORMAT}`, {
        code: 'ERR_ROLLCALL_STATE_FORMAT',
      });
      return;
    }
    const before = tables.head.get('holder') as Holder | undefined;
    if (before !== undefined && isHeld(before, path, clock)) {
      refusal = new BusyError(before.pid, before.host, new Date(before.openedAt));
      return;
    }
    holder = thisHolder(clock, ((tables.head.get('generation') as number | undefined) ?? 0) + 1);
    void tables.head.put('generation', holder.generation);
    void tables.head.put('holder', holder);
    if (head === undefined) void tables.head.put('head', emptyHead());
  });
  if (refusal !== undefined) throw refusal;
  await tables.root.flushed;
  return holder;
}

function isHeld(holder: Holder, path: string, clock: Clock): boolean {
  if (isThisProcess(holder) && !openPaths.has(path)) return false;
  return isAlive(holder, clock);
}

function emptyHead(): Head {
  const none = { known: 0, unknown: 0, nextRow: 0 };
  return {
    format: FORMAT,
    fingerprintKey: randomBytes(16).toString('hex'),
    target: undefined,
    lastTriggeredAt: undefined,
    nextSession: 1,
    counts: { users: none, groups: none, memberships: none },
  };
}

/** What a crashed process left: unreadable, for its key is gone with it. */
async function removeOldOutboxes(path: string): Promise<void> {
  for (const name of await readdir(path)) if (name.startsWith(OUTBOX_PREFIX)) await unlink(join(path, name));
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

class LmdbState implements StateStore {
  readonly journal: Journal;
  readonly #tables: Tables;
  #fingerprintKey: string;
  #baselines: Readonly<Record<Entity, LmdbBaseline>>;
  readonly #path: string;
  readonly #generation: number;
  readonly #beat: NodeJS.Timeout;
  #reading: LmdbReading | undefined;
  #closed = false;

  constructor(tables: Tables, path: string, clock: Clock, holder: Holder) {
    this.#tables = tables;
    this.#path = path;
    this.#generation = holder.generation;
    this.#fingerprintKey = this.#head().fingerprintKey;
    this.#baselines = baselinesOf(tables, this.#fingerprintKey, path, holder.generation);
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
    this.#beat = setInterval(() => {
      // A beat that fails is made up for by the next; a lost place is found by the next write.
      this.#write(() => {
        void tables.head.put('holder', { ...holder, beatAt: clock.now() });
        return { result: undefined };
      }).catch(() => undefined);
    }, BEAT_MS);
    this.#beat.unref();
  }

  get fingerprintKey(): string {
    return this.#fingerprintKey;
  }

  /** Every write: one transaction, refused for a writer that lost its place, on disk when it resolves. */
  readonly #write: Write = async (change) => {
    if (this.#closed) throw new StateError('the state is closed');
    const { root, head: table } = this.#tables;
    let outcome: { readonly value: ReturnType<typeof change>['result'] } | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      // A child transaction is rolled back as a whole when its callback throws; a plain one keeps what was put before.
      await root.childTransaction(() => {
        try {
          if (table.get('generation') !== this.#generation) {
            throw new StateError('another writer has taken this state over', {
              code: 'ERR_ROLLCALL_STATE_LOST',
            });
          }
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
      throw new StateError('the state could not be written', { cause });
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
    this.#baselines = baselinesOf(this.#tables, identity.fingerprintKey, this.#path, this.#generation);
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

  async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#beat);
    await this.#reading?.close();
    try {
      await this.#write(() => {
        void this.#tables.head.remove('holder');
        return { result: undefined };
      });
    } catch {
      // Another writer has it: its place is not ours to give up.
    }
    this.#closed = true;
    this.#closeBaselines();
    openPaths.delete(this.#path);
    await this.#tables.root.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
