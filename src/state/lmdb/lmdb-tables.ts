import { randomBytes } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import type { ChangeKind, Entity } from '../../core/model.js';
import type { Extent } from './extent.js';
import type { JournaledSession, Target } from '../store.js';

/** The version of the layout; a state of any other is refused. */
export const FORMAT = 2;

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
  /** Characters of each fingerprint; all of them, eight bits a character, one after the other. */
  readonly lengths: readonly number[];
  readonly fingerprints: Buffer;
}[];

/** The tables of a state. */
export interface Tables {
  readonly root: RootDatabase;
  readonly head: Database<unknown, string>;
  readonly journal: Database<JournaledSession, number>;
  /** Rows of each load, by session and number of the load. */
  readonly loads: Database<StoredLoad, [number, number]>;
  /** Where the pages of rows and of their attribute prints are (see `RowFiles`). */
  readonly extents: Database<Extent, [Entity, number]>;
  /** Rows that changed since their pages were written, a value for each commit (see `RowOverlay`). */
  readonly overlays: Database<Buffer, [Entity, number]>;
  /** By key: complete reads in a row in which an entity was missing. */
  readonly absences: Database<number, [Entity, string]>;
}

/** Opens the tables of a root. */
export function openTables(root: RootDatabase): Tables {
  return {
    root,
    head: root.openDB<unknown, string>({ name: 'head' }),
    journal: root.openDB<JournaledSession, number>({ name: 'journal' }),
    loads: root.openDB<StoredLoad, [number, number]>({ name: 'loads' }),
    extents: root.openDB<Extent, [Entity, number]>({ name: 'extents' }),
    overlays: root.openDB<Buffer, [Entity, number]>({ name: 'overlays', encoding: 'binary' }),
    absences: root.openDB<number, [Entity, string]>({ name: 'absences' }),
  };
}

/** The head of a state that knows nothing, with a key of its own. */
export function emptyHead(): Head {
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

/** All of an entity's entries in a table whose keys begin with it. */
export function rangeOf(entity: Entity): {
  readonly start: [Entity, number];
  readonly end: [Entity, number];
} {
  return { start: [entity, 0], end: [entity, Infinity] };
}
