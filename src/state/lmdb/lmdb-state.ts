import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { closedState, requireSameTarget, requireUnmoved, requireWhole, retargeted } from '../checks.js';
import { endedByAdoption, type EndedParents } from '../ended-parents.js';
import { createOutbox } from '../outbox/outbox.js';
import { createSpool } from '../outbox/spool.js';
import type { Journal } from '../journal.js';
import {
  IMPORT_UNFINISHED,
  MOVED_TO,
  type AdoptedRow,
  type EntityCounts,
  type HeldRow,
  type Outbox,
  type Reading,
  type Spool,
  type StateIdentity,
  type StateStore,
  type Target,
} from '../store.js';
import { absencesOf, replaceAbsences } from './absences.js';
import { DigestCache } from './digest-cache.js';
import { lmdbJournal, type Write } from './lmdb-journal.js';
import { LmdbReading } from './lmdb-reading.js';
import { emptyHead, metaNamesOf, type Head, type Tables } from './lmdb-tables.js';
import { endedMemberships } from './ended-memberships.js';
import { runAll } from './run-all.js';
import { Snapshot, type DigestCaches } from './snapshot.js';
import { stateFailure } from './state-failure.js';
import { WriteQueue } from './write-queue.js';
import type { WriterPlace } from './writer-place.js';
import { usesEnded } from '../uses.js';

/** The state in LMDB, for its one writer. */
export class LmdbState implements StateStore {
  readonly journal: Journal;
  readonly #tables: Tables;
  readonly #path: string;
  readonly #place: WriterPlace;
  readonly #free: () => void;
  readonly #queue: WriteQueue;
  readonly #snapshots = new Set<Snapshot>();
  #fingerprintKey: string;
  #caches: DigestCaches;
  #reading: LmdbReading | undefined;
  #closing: Promise<void> | undefined;

  /** @param free - called after everything is closed: the directory can be opened again */
  constructor(tables: Tables, path: string, place: WriterPlace, free: () => void) {
    this.#tables = tables;
    this.#path = path;
    this.#place = place;
    this.#free = free;
    this.#queue = new WriteQueue(tables.root, path, () => place.requireKept());
    this.#fingerprintKey = this.#head().fingerprintKey;
    this.#caches = this.#newCaches();
    this.journal = lmdbJournal({
      tables,
      write: this.#write,
      head: () => this.#head(),
      apply: (head, rows) => this.#apply(head, rows),
      applyEnds: (head, ended) => this.#applyEnds(head, ended),
    });
  }

  get fingerprintKey(): string {
    return this.#fingerprintKey;
  }

  /** Every write uses this function. It is on disk when the promise resolves, and fails if another process is the writer. */
  readonly #write: Write = async (name, change) => {
    this.#requireOpen();
    return this.#queue.write(name, () => {
      const before = this.#head();
      const { head, result } = change(before);
      if (head !== undefined) this.#tables.head.putSync('head', { ...before, ...head });
      return result;
    });
  };

  #requireOpen(): void {
    if (this.#closing !== undefined) throw closedState();
  }

  #head(): Head {
    this.#requireOpen();
    return this.#tables.head.get('head') as Head;
  }

  /** Writes rows to the baseline. Runs inside a write. Returns the new heads of all entities. */
  #apply({ entities: before }: Head, rows: readonly AdoptedRow[]): Head['entities'] {
    const entities = { ...before };
    for (const entity of ENTITIES) {
      const own = rows.filter((row) => row.entity === entity);
      if (own.length === 0) continue;
      this.#caches[entity].touch(own.map(({ key }) => key));
      entities[entity] = this.#tables.rows[entity].apply(before[entity], own);
    }
    return entities;
  }

  /** Writes the memberships of removed users and groups, after {@link #apply} and inside the same write. Returns the new heads. */
  #applyEnds(head: Head, ended: EndedParents): Head['entities'] {
    let { entities } = head;
    if (entities.memberships.known + entities.memberships.unknown === 0) return entities;
    for (const pairs of endedMemberships(this.#tables.rows.memberships, ended))
      entities = this.#apply({ ...head, entities }, pairs);
    return entities;
  }

  #newCaches(): DigestCaches {
    const { entities } = this.#head();
    const { rows } = this.#tables;
    const cache = (entity: Entity) =>
      new DigestCache(this.#path, this.#fingerprintKey, entity, rows[entity], entities[entity].stamp);
    return { users: cache('users'), groups: cache('groups'), memberships: cache('memberships') };
  }

  #snapshot(): Snapshot {
    this.#requireOpen();
    const snapshot = new Snapshot(this.#tables, (closed) => this.#snapshots.delete(closed));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  async target(): Promise<Target | undefined> {
    return this.#head().target;
  }

  async bind(target: Target): Promise<void> {
    const { orgUrl, identitySourceId } = target;
    await this.#write('bind', ({ target: bound }) => {
      if (bound === undefined) return { head: { target: { orgUrl, identitySourceId } }, result: undefined };
      requireSameTarget(bound, target);
      return { result: undefined };
    });
  }

  async retarget(orgUrl: string): Promise<void> {
    await this.#write('retarget', ({ target }) => ({
      head: { target: retargeted(target, orgUrl) },
      result: undefined,
    }));
  }

  async counts(): Promise<Readonly<Record<Entity, EntityCounts>>> {
    const { users, groups, memberships } = this.#head().entities;
    const counts = ({ known, unknown }: EntityCounts) => ({ known, unknown });
    return { users: counts(users), groups: counts(groups), memberships: counts(memberships) };
  }

  async read(): Promise<Reading> {
    if (this.#reading !== undefined) throw new StateError('a reading is open already');
    requireWhole(this.#meta('import'));
    requireUnmoved(this.#meta(MOVED_TO));
    this.#reading = new LmdbReading(this.#snapshot(), this.#caches, () => (this.#reading = undefined));
    return this.#reading;
  }

  async outbox(): Promise<Outbox> {
    this.#requireOpen();
    return createOutbox(this.#path);
  }

  async spool(): Promise<Spool> {
    this.#requireOpen();
    return createSpool(this.#path);
  }

  async adopt(rows: readonly AdoptedRow[]): Promise<void> {
    await this.#write('adopt', (head) => {
      const entities = this.#apply(head, rows);
      return {
        head: { entities: this.#applyEnds({ ...head, entities }, endedByAdoption(rows)) },
        result: undefined,
      };
    });
  }

  async *rows(entity: Entity): AsyncGenerator<readonly HeldRow[], void, undefined> {
    const snapshot = this.#snapshot();
    try {
      yield* snapshot.rows(entity);
    } finally {
      snapshot.close();
    }
  }

  async absences(entity: Entity): Promise<ReadonlyMap<string, number>> {
    this.#requireOpen();
    return absencesOf(this.#tables, entity);
  }

  async setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void> {
    await this.#write('absences', () => {
      replaceAbsences(this.#tables, entity, counts);
      return { result: undefined };
    });
  }

  async restore(identity: StateIdentity): Promise<void> {
    const { fingerprintKey, target, lastTriggeredAt } = identity;
    const { rows, absences, journal, loads, head } = this.#tables;
    await this.#write('restore', () => {
      for (const entity of ENTITIES) rows[entity].clear();
      for (const table of [absences, journal, loads]) table.clearSync();
      for (const name of metaNamesOf(this.#tables)) head.removeSync(`meta:${name}`);
      head.putSync('meta:import', IMPORT_UNFINISHED);
      return { head: { ...emptyHead(), fingerprintKey, target, lastTriggeredAt }, result: undefined };
    });
    this.#fingerprintKey = fingerprintKey;
    this.#caches = this.#newCaches();
  }

  async getMeta(name: string): Promise<string | undefined> {
    return this.#meta(name);
  }

  #meta(name: string): string | undefined {
    this.#requireOpen();
    return this.#tables.head.get(`meta:${name}`) as string | undefined;
  }

  async setMeta(name: string, value: string): Promise<void> {
    await this.#write('meta', () => {
      this.#tables.head.putSync(`meta:${name}`, value);
      return { result: undefined };
    });
  }

  async metaNames(): Promise<readonly string[]> {
    this.#requireOpen();
    return metaNamesOf(this.#tables);
  }

  close(): Promise<void> {
    const ended = usesEnded(this);
    return ended === undefined ? (this.#closing ??= this.#close()) : ended.then(() => this.close());
  }

  async #close(): Promise<void> {
    this.#queue.flush();
    const failure = await runAll([
      this.#free,
      () => this.#tables.root.close(),
      () => this.#place.release(),
      () => this.#closeSnapshots(),
      () => this.#updateCaches(),
    ]);
    if (failure !== undefined) throw stateFailure('the state could not be closed', this.#path, failure.error);
  }

  #closeSnapshots(): void {
    for (const snapshot of this.#snapshots) snapshot.close();
  }

  /** Does nothing if another process is the writer by now. */
  #updateCaches(): void {
    if (this.#tables.head.get('generation') !== this.#place.generation) return;
    const snapshot = new Snapshot(this.#tables, () => undefined);
    try {
      for (const entity of ENTITIES) snapshot.update(entity, this.#caches[entity]);
    } finally {
      snapshot.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
