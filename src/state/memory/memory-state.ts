import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import {
  closedState,
  lostState,
  requireSameTarget,
  requireUnmoved,
  requireWhole,
  retargeted,
} from '../checks.js';
import { endedByAdoption } from '../ended-parents.js';
import { createOutbox } from '../outbox/outbox.js';
import type { Journal } from '../journal.js';
import {
  IMPORT_UNFINISHED,
  MOVED_TO,
  type AdoptedRow,
  type EntityCounts,
  type HeldRow,
  type Outbox,
  type Reading,
  type StateIdentity,
  type StateStore,
  type Target,
} from '../store.js';
import { usesEnded } from '../uses.js';
import { apply, MemoryDisk, type DiskContent } from './memory-disk.js';
import { memoryJournal } from './memory-journal.js';
import { MemoryReading } from './memory-reading.js';

/** Rows in one chunk of {@link StateStore.rows}. */
const ROWS_CHUNK = 4096;

/** Options of {@link memoryState}. */
export interface MemoryStateOptions {
  /** The content of an earlier state. @defaultValue an empty one */
  readonly disk?: MemoryDisk;
}

/**
 * A state in memory, for tests and short jobs. The next process sends everything again, unless it gets the same disk.
 * The latest state of a disk is its writer: writes of earlier ones fail with `ERR_ROLLCALL_STATE_LOST`.
 */
export function memoryState(options: MemoryStateOptions = {}): StateStore {
  return new MemoryState(options.disk ?? new MemoryDisk());
}

class MemoryState implements StateStore {
  readonly journal: Journal;
  readonly #disk: MemoryDisk;
  readonly #generation: number;
  #reading: MemoryReading | undefined;
  #closed = false;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
    this.#generation = ++disk.content.generation;
    this.journal = memoryJournal(
      () => this.#content,
      (name, change) => this.#write(name, change),
    );
  }

  get fingerprintKey(): string {
    return this.#disk.content.fingerprintKey;
  }

  /** Every write uses this function. It is atomic, and fails if this state is not the writer of the disk. */
  async #write<T>(name: string, change: (content: DiskContent) => T): Promise<T> {
    const content = this.#content;
    if (content.generation !== this.#generation) throw lostState();
    try {
      this.#disk.onWrite?.(name);
    } catch (cause) {
      throw new StateError(`the state could not be written (${name})`, { cause });
    }
    return change(content);
  }

  get #content(): DiskContent {
    if (this.#closed) throw closedState();
    return this.#disk.content;
  }

  async target(): Promise<Target | undefined> {
    return this.#content.target;
  }

  async bind(target: Target): Promise<void> {
    const bound = this.#content.target;
    if (bound !== undefined) return requireSameTarget(bound, target);
    await this.#write('bind', (content) => (content.target = { ...target }));
  }

  async retarget(orgUrl: string): Promise<void> {
    const target = retargeted(this.#content.target, orgUrl);
    await this.#write('retarget', (content) => (content.target = target));
  }

  async counts(): Promise<Readonly<Record<Entity, EntityCounts>>> {
    const count = (entity: Entity): EntityCounts => {
      const rows = this.#content.baseline[entity];
      let unknown = 0;
      for (const { kind } of rows.values()) if (kind === 'unknown') unknown++;
      return { known: rows.size - unknown, unknown };
    };
    return { users: count('users'), groups: count('groups'), memberships: count('memberships') };
  }

  async read(): Promise<Reading> {
    const { baseline, logins, meta } = this.#content;
    if (this.#reading !== undefined) throw new StateError('a reading is open already');
    requireWhole(meta.get('import'));
    requireUnmoved(meta.get(MOVED_TO));
    const snapshot = {
      users: new Map(baseline.users),
      groups: new Map(baseline.groups),
      memberships: new Map(baseline.memberships),
    };
    this.#reading = new MemoryReading(snapshot, new Map(logins), () => (this.#reading = undefined));
    return this.#reading;
  }

  async outbox(): Promise<Outbox> {
    if (this.#closed) throw closedState();
    return createOutbox(undefined);
  }

  async adopt(rows: readonly AdoptedRow[]): Promise<void> {
    // A copy, so that an iterator that throws changes nothing.
    const copies = rows.map((row) => ({ ...row }));
    await this.#write('adopt', (content) => apply(content, copies, endedByAdoption(copies)));
  }

  async *rows(entity: Entity): AsyncGenerator<readonly HeldRow[], void, undefined> {
    const { baseline, logins } = this.#content;
    const rows = Array.from(baseline[entity], ([key, held]): HeldRow => {
      const own = entity === 'users' && held.kind === 'unknown' ? (logins.get(key) ?? []) : [];
      return { entity, key, held, ...(own.length > 0 && { logins: own }) };
    });
    for (let start = 0; start < rows.length; start += ROWS_CHUNK) {
      yield rows.slice(start, start + ROWS_CHUNK);
      if (this.#closed) throw closedState();
    }
  }

  async absences(entity: Entity): Promise<ReadonlyMap<string, number>> {
    return new Map(this.#content.absences[entity]);
  }

  async setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void> {
    await this.#write('absences', (content) => (content.absences[entity] = new Map(counts)));
  }

  async restore(identity: StateIdentity): Promise<void> {
    await this.#write('restore', (content) => {
      const empty = new MemoryDisk().content;
      Object.assign(content, empty, identity, { generation: content.generation });
      content.meta.set('import', IMPORT_UNFINISHED);
    });
  }

  async getMeta(name: string): Promise<string | undefined> {
    return this.#content.meta.get(name);
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#write('meta', (content) => content.meta.set(name, value));
  }

  async metaNames(): Promise<readonly string[]> {
    return [...this.#content.meta.keys()];
  }

  async close(): Promise<void> {
    const ended = usesEnded(this);
    if (ended !== undefined) await ended;
    this.#closed = true;
    await this.#reading?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
