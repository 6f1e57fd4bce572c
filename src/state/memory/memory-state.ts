import { randomBytes } from 'node:crypto';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { MemoryReading } from './memory-reading.js';
import { closedState, lostState, requireSameTarget, requireWhole, retargeted } from '../checks.js';
import { endedByAdoption, endedBySession, membershipAfter, type EndedParents } from '../ended-parents.js';
import { createOutbox } from '../outbox/outbox.js';
import { loginsAfter } from '../logins.js';
import { DELETIONS_BY_DAY, deletionsIn, withDeletions } from '../deletions-by-day.js';
import { rowsAfter } from '../session-rows.js';
import { usesEnded } from '../uses.js';
import {
  IMPORT_UNFINISHED,
  type EntityCounts,
  type Journal,
  type JournaledSession,
  type Outbox,
  type AdoptedRow,
  type Held,
  type HeldRow,
  type PendingRow,
  type Reading,
  type StateStore,
  type Target,
  type StateIdentity,
} from '../store.js';

/** Rows in one chunk of {@link StateStore.rows}. */
const ROWS_CHUNK = 4096;

/** The rows of one load of a session. */
interface PendingLoad {
  readonly load: number;
  readonly rows: readonly PendingRow[];
}

/** A journaled session with the rows of its loads. */
interface StoredSession extends JournaledSession {
  readonly pending: readonly PendingLoad[];
}

interface DiskContent {
  generation: number;
  fingerprintKey: string;
  target: Target | undefined;
  baseline: Record<Entity, Map<string, Held>>;
  /** The logins that each user may have, by key. */
  logins: Map<string, readonly string[]>;
  sessions: StoredSession[];
  nextSession: number;
  lastTriggeredAt: number | undefined;
  meta: Map<string, string>;
  absences: Record<Entity, Map<string, number>>;
}

/**
 * The content of a memory state, which the next `memoryState` can open. Each write is atomic.
 */
export class MemoryDisk {
  /** Called before every write with its name. If it throws, the write fails: for tests of failing disks. */
  onWrite: ((name: string) => void) | undefined;
  /** @internal */
  content: DiskContent = {
    generation: 0,
    fingerprintKey: randomBytes(16).toString('hex'),
    target: undefined,
    baseline: { users: new Map(), groups: new Map(), memberships: new Map() },
    logins: new Map(),
    sessions: [],
    nextSession: 1,
    lastTriggeredAt: undefined,
    meta: new Map(),
    absences: { users: new Map(), groups: new Map(), memberships: new Map() },
  };

  /** A copy that shares nothing. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk();
    copy.content = structuredClone(this.content);
    return copy;
  }
}

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
    this.journal = this.#makeJournal();
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
    const rows = Array.from(this.#content.baseline[entity], ([key, held]) => ({ entity, key, held }));
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

  async close(): Promise<void> {
    const ended = usesEnded(this);
    if (ended !== undefined) await ended;
    this.#closed = true;
    await this.#reading?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeJournal(): Journal {
    const update = (name: string, id: number, change: (session: StoredSession) => Partial<StoredSession>) =>
      this.#write(`journal:${name}`, (content) => {
        const at = content.sessions.findIndex((session) => session.id === id);
        const session = content.sessions[at];
        if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
        content.sessions[at] = { ...session, ...change(session) };
      });
    return {
      open: async () => this.#content.sessions.map(({ pending: _pending, ...session }) => ({ ...session })),
      pending: (id) => pendingRows(this.#content.sessions, id),
      creating: (now, seen = []) =>
        this.#write('journal:creating', (content) => {
          const id = content.nextSession++;
          content.sessions.push({
            id,
            sessionId: undefined,
            phase: 'creating',
            startedAt: now,
            seen: [...seen],
            triggeredAt: undefined,
            loads: 0,
            acknowledged: 0,
            rows: 0,
            hasUpserts: false,
            pending: [],
          });
          return id;
        }),
      created: (id, sessionId) => update('created', id, () => ({ sessionId, phase: 'loading' })),
      loading: async (id, rows) => {
        let load = 0;
        await update('loading', id, ({ pending }) => {
          load = (pending.at(-1)?.load ?? -1) + 1;
          return withLoads([...pending, { load, rows }]);
        });
        return load;
      },
      loaded: (id) => update('loaded', id, (session) => ({ acknowledged: session.acknowledged + 1 })),
      refused: (id, refused) =>
        update('refused', id, ({ pending }) => withLoads(pending.filter(({ load }) => load !== refused))),
      triggering: (id) => update('triggering', id, () => ({ phase: 'triggering' })),
      triggered: (id, now) =>
        this.#write('journal:triggered', (content) => {
          const at = content.sessions.findIndex((session) => session.id === id);
          const session = content.sessions[at];
          if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
          content.sessions[at] = { ...session, phase: 'triggered', triggeredAt: now };
          content.lastTriggeredAt = now;
        }),
      cancelling: (id) => update('cancelling', id, () => ({ phase: 'cancelling' })),
      settle: (id, outcome) =>
        this.#write('journal:settle', (content) => {
          const session = content.sessions.find((candidate) => candidate.id === id);
          if (session === undefined) throw new StateError(`the journal knows no session ${id}`);
          if (outcome !== 'dropped') {
            const rows = session.pending.flatMap((load) => load.rows);
            apply(content, rowsAfter(rows, outcome), endedBySession(rows, outcome));
            if (outcome === 'completed') {
              const before = content.meta.get(DELETIONS_BY_DAY);
              const at = session.triggeredAt ?? session.startedAt;
              const byDay = withDeletions(before, at, deletionsIn(rows));
              if (byDay !== undefined) content.meta.set(DELETIONS_BY_DAY, byDay);
            }
          }
          content.sessions = content.sessions.filter((candidate) => candidate.id !== id);
        }),
      lastTriggeredAt: async () => this.#content.lastTriggeredAt,
    };
  }
}

async function* pendingRows(
  sessions: readonly StoredSession[],
  id: number,
): AsyncGenerator<readonly PendingRow[]> {
  for (const { rows } of sessions.find((session) => session.id === id)?.pending ?? []) yield rows;
}

/** A session with these loads. */
function withLoads(pending: readonly PendingLoad[]): Partial<StoredSession> {
  const rows = pending.flatMap((load) => load.rows);
  return {
    pending,
    loads: pending.length,
    rows: rows.length,
    hasUpserts: rows.some((row) => row.kind === 'upsert'),
  };
}

function apply({ baseline, logins }: DiskContent, rows: readonly AdoptedRow[], ended: EndedParents): void {
  const write = (row: AdoptedRow) => {
    const { entity, key, held } = row;
    if (entity === 'users') logins.set(key, loginsAfter(logins.get(key) ?? [], row));
    if (held !== undefined) return void baseline[entity].set(key, held);
    baseline[entity].delete(key);
    if (entity === 'users') logins.delete(key);
  };
  rows.forEach(write);
  if (ended.users.size + ended.groups.size === 0) return;
  for (const key of [...baseline.memberships.keys()]) {
    const row = membershipAfter(key, ended);
    if (row !== undefined) write(row);
  }
}
