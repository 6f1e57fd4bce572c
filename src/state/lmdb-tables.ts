import type { Database, RootDatabase } from 'lmdb';
import type { ChangeKind, Entity } from '../model.js';
import type { StoredOverlay } from './row-overlay.js';
import type { JournaledSession, Target } from './store.js';

/** The version of the layout; a state of a newer one is refused. */
export const FORMAT = 1;

/** The writer of a state. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** In which of the host's containers the pid has its meaning. */
  readonly pids: string;
  /** Tells a process from a later one with the same pid. */
  readonly processStart: string;
  readonly openedAt: number;
  readonly beatAt: number;
  readonly generation: number;
}

/** The single values of a state. */
export interface Head {
  readonly format: number;
  readonly fingerprintKey: string;
  readonly target: Target | undefined;
  readonly lastTriggeredAt: number | undefined;
  readonly nextSession: number;
  /** Of each entity: rows that are confirmed, rows that are unknown, and the number after the last row. */
  readonly counts: Readonly<
    Record<Entity, { readonly known: number; readonly unknown: number; readonly nextRow: number }>
  >;
}

/** Rows of one load. They are all of one entity and kind, or of a few. */
export type StoredLoad = readonly {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  readonly keys: readonly string[];
  readonly fingerprints: readonly string[];
}[];

/** The tables of a state. */
export interface Tables {
  readonly root: RootDatabase;
  readonly head: Database<unknown, string>;
  readonly journal: Database<JournaledSession, number>;
  /** Rows of each load, by session and number of the load. */
  readonly loads: Database<StoredLoad, [number, number]>;
  /** Pages of rows (see `RowPage`), by number. */
  readonly rows: Readonly<Record<Entity, Database<Buffer, number>>>;
  /** Of each page the attribute prints of its rows, where they have any. */
  readonly prints: Readonly<Record<'users' | 'groups', Database<Buffer, number>>>;
  /** Rows that changed since their pages were written, a value for each commit (see `RowOverlay`). */
  readonly overlays: Database<StoredOverlay, [Entity, number]>;
  /** By key: complete reads in a row in which an entity was missing. */
  readonly absences: Database<number, [Entity, string]>;
}

/** Opens the tables of a root. */
export function openTables(root: RootDatabase): Tables {
  const pages = (name: string) =>
    root.openDB<Buffer, number>({ name, keyEncoding: 'uint32', encoding: 'binary' });
  return {
    root,
    head: root.openDB<unknown, string>({ name: 'head' }),
    journal: root.openDB<JournaledSession, number>({ name: 'journal' }),
    loads: root.openDB<StoredLoad, [number, number]>({ name: 'loads' }),
    rows: { users: pages('users'), groups: pages('groups'), memberships: pages('memberships') },
    prints: { users: pages('users-prints'), groups: pages('groups-prints') },
    overlays: root.openDB<StoredOverlay, [Entity, number]>({ name: 'overlays' }),
    absences: root.openDB<number, [Entity, string]>({ name: 'absences' }),
  };
}
