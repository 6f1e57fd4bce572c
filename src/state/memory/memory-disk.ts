import { randomBytes } from 'node:crypto';
import type { Entity } from '../../core/model.js';
import { membershipAfter, type EndedParents } from '../ended-parents.js';
import { loginsAfter } from '../logins.js';
import type { JournaledSession, PendingRow } from '../journal.js';
import type { AdoptedRow, Held, Target } from '../store.js';

/** The rows of one load of a session. */
export interface PendingLoad {
  readonly load: number;
  readonly rows: readonly PendingRow[];
}

/** A journaled session with the rows of its loads. */
export interface StoredSession extends JournaledSession {
  readonly pending: readonly PendingLoad[];
}

/** Everything that a memory state keeps. */
export interface DiskContent {
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
 * @example
 * const disk = new MemoryDisk();
 * disk.onWrite = (name) => {
 *   if (name === 'settle') throw new Error('the disk is full');
 * };
 * const state = memoryState({ disk });
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

/** Writes rows, and the ends of the memberships whose user or group has ended. */
export function apply(
  { baseline, logins }: DiskContent,
  rows: readonly AdoptedRow[],
  ended: EndedParents,
): void {
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
