import { randomBytes } from 'node:crypto';
import { StateError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import { MemoryReading } from './memory-reading.js';
import { createOutbox } from '../outbox/outbox.js';
import {
  IMPORT_UNFINISHED,
  type EntityCounts,
  type Journal,
  type JournaledSession,
  type Outbox,
  type PendingRow,
  type Reading,
  type SessionOutcome,
  type StateStore,
  type Target,
  type StateIdentity,
} from '../store.js';

/** A journaled session with what it carries. */
interface StoredSession extends JournaledSession {
  readonly pending: readonly (readonly PendingRow[])[];
}

interface DiskContent {
  generation: number;
  fingerprintKey: string;
  target: Target | undefined;
  /** Fingerprint by key; `''` for a row of which it is not known what Okta holds. */
  baseline: Record<Entity, Map<string, string>>;
  sessions: StoredSession[];
  nextSession: number;
  lastTriggeredAt: number | undefined;
  meta: Map<string, string>;
  absences: Record<Entity, Map<string, number>>;
}

/**
 * What a memory state leaves behind when its process dies: give it to the next `memoryState`. Each write is atomic.
 */
export class MemoryDisk {
  /** Called before every write with its name; what it throws makes the write fail. For tests of failing disks. */
  onWrite: ((name: string) => void) | undefined;
  /** @internal */
  content: DiskContent = {
    generation: 0,
    fingerprintKey: randomBytes(16).toString('hex'),
    target: undefined,
    baseline: { users: new Map(), groups: new Map(), memberships: new Map() },
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
  /** What an earlier state left behind. @defaultValue an empty one */
  readonly disk?: MemoryDisk;
}

/**
 * A state in memory, for tests and short jobs: everything is sent again by the next process unless its disk is kept.
 * Opening a disk takes it over: writes of the state that had it before fail with `ERR_ROLLCALL_STATE_LOST`.
 */
export function memoryState(options: MemoryStateOptions = {}): StateStore {
  return new MemoryState(options.disk ?? new MemoryDisk());
}

class MemoryState implements StateStore {
  readonly journal: Journal;
  readonly #disk: MemoryDisk;
  readonly #generation: number;
  #reading: MemoryReading | undefined;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
    this.#generation = ++disk.content.generation;
    this.journal = this.#makeJournal();
  }

  get fingerprintKey(): string {
    return this.#disk.content.fingerprintKey;
  }

  /** Every write goes through here: whole or not at all, and only while this state is the disk's writer. */
  async #write<T>(name: string, change: (content: DiskContent) => T): Promise<T> {
    const content = this.#disk.content;
    if (content.generation !== this.#generation) {
      throw new StateError('another writer has taken this state over', { code: 'ERR_ROLLCALL_STATE_LOST' });
    }
    try {
      this.#disk.onWrite?.(name);
    } catch (cause) {
      throw new StateError(`the state could not be written (${name})`, { cause });
    }
    return change(content);
  }

  async target(): Promise<Target | undefined> {
    return this.#disk.content.target;
  }

  async bind(target: Target): Promise<void> {
    const bound = this.#disk.content.target;
    if (bound !== undefined) return requireSameTarget(bound, target);
    await this.#write('bind', (content) => (content.target = { ...target }));
  }

  async counts(): Promise<Readonly<Record<Entity, EntityCounts>>> {
    const count = (entity: Entity): EntityCounts => {
      const rows = this.#disk.content.baseline[entity];
      let unknown = 0;
      for (const fingerprint of rows.values()) if (fingerprint === '') unknown++;
      return { known: rows.size - unknown, unknown };
    };
    return { users: count('users'), groups: count('groups'), memberships: count('memberships') };
  }

  async read(): Promise<Reading> {
    if (this.#reading !== undefined) throw new StateError('a reading is open already');
    const { baseline, meta } = this.#disk.content;
    requireWhole(meta.get('import'));
    const snapshot = {
      users: new Map(baseline.users),
      groups: new Map(baseline.groups),
      memberships: new Map(baseline.memberships),
    };
    this.#reading = new MemoryReading(snapshot, () => (this.#reading = undefined));
    return this.#reading;
  }

  async outbox(): Promise<Outbox> {
    return createOutbox(undefined);
  }

  async adopt(rows: readonly PendingRow[]): Promise<void> {
    await this.#write('adopt', (content) => apply(content, rows, 'completed'));
  }

  async *rows(entity: Entity): AsyncGenerator<readonly PendingRow[], void, undefined> {
    const rows = Array.from(this.#disk.content.baseline[entity], ([key, fingerprint]) => ({
      entity,
      kind: 'upsert' as const,
      key,
      fingerprint,
    }));
    for (let start = 0; start < rows.length; start += 4096) yield rows.slice(start, start + 4096);
  }

  async absences(entity: Entity): Promise<ReadonlyMap<string, number>> {
    return new Map(this.#disk.content.absences[entity]);
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
    return this.#disk.content.meta.get(name);
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#write('meta', (content) => content.meta.set(name, value));
  }

  async close(): Promise<void> {
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
      open: async () =>
        this.#disk.content.sessions.map(({ pending: _pending, ...session }) => ({ ...session })),
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
      loading: (id, rows) => update('loading', id, (session) => withLoads([...session.pending, rows])),
      loaded: (id) => update('loaded', id, (session) => ({ acknowledged: session.acknowledged + 1 })),
      refused: (id) => update('refused', id, (session) => withLoads(session.pending.slice(0, -1))),
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
          apply(content, session.pending.flat(), outcome);
          content.sessions = content.sessions.filter((candidate) => candidate.id !== id);
        }),
      lastTriggeredAt: async () => this.#disk.content.lastTriggeredAt,
    };
  }
}

/** A session with these loads. */
function withLoads(pending: readonly (readonly PendingRow[])[]): Partial<StoredSession> {
  const rows = pending.flat();
  return {
    pending,
    loads: pending.length,
    rows: rows.length,
    hasUpserts: rows.some((row) => row.kind === 'upsert'),
  };
}

function apply(content: DiskContent, rows: readonly PendingRow[], outcome: SessionOutcome): void {
  if (outcome === 'dropped') return;
  for (const { entity, kind, key, fingerprint } of rows) {
    if (outcome === 'unknown') content.baseline[entity].set(key, '');
    else if (kind === 'delete') content.baseline[entity].delete(key);
    else content.baseline[entity].set(key, fingerprint);
  }
}

/** Refuses a state into which an import was not finished: what it lacks would be sent anew, and never be removed. */
export function requireWhole(importMark: string | undefined): void {
  if (importMark === IMPORT_UNFINISHED)
    throw new StateError('an import into this state was not finished: import it again');
}

/** Refuses a target that differs from the one a state was stamped with. */
export function requireSameTarget(bound: Target, target: Target): void {
  if (bound.orgUrl === target.orgUrl && bound.identitySourceId === target.identitySourceId) return;
  throw new StateError(
    `the state belongs to identity source ${bound.identitySourceId} of ${bound.orgUrl}, not to ${target.identitySourceId} of ${target.orgUrl}`,
    { code: 'ERR_ROLLCALL_STATE_TARGET' },
  );
}
