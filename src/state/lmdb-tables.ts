import type { Database, RootDatabase } from 'lmdb';
import type { Entity } from '../model.js';
import type { JournaledSession, PendingRow, Target } from './store.js';

/** The version of the layout; a state of a newer one is refused. */
export const FORMAT = 1;
/** Bytes of a row's number, which come first in its value. */
const ROW_BYTES = 4;

/** The writer of a state. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
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
  /** Of each entity: rows that are confirmed, rows that are unknown, and the number of the next row. */
  readonly counts: Readonly<
    Record<Entity, { readonly known: number; readonly unknown: number; readonly nextRow: number }>
  >;
}

/** The tables of a state. */
export interface Tables {
  readonly root: RootDatabase;
  readonly head: Database<unknown, string>;
  readonly journal: Database<JournaledSession, number>;
  /** Rows of each load, by session and number of the load. */
  readonly loads: Database<readonly PendingRow[], [number, number]>;
  /** By key, in UTF-8: the row's number, and its fingerprint where that is known. */
  readonly rows: Readonly<Record<Entity, Database<Buffer, Buffer>>>;
}

/** Opens the tables of a root. */
export function openTables(root: RootDatabase): Tables {
  const rows = (entity: Entity) =>
    root.openDB<Buffer, Buffer>({ name: entity, keyEncoding: 'binary', encoding: 'binary' });
  return {
    root,
    head: root.openDB<unknown, string>({ name: 'head' }),
    journal: root.openDB<JournaledSession, number>({ name: 'journal' }),
    loads: root.openDB<readonly PendingRow[], [number, number]>({ name: 'loads' }),
    rows: { users: rows('users'), groups: rows('groups'), memberships: rows('memberships') },
  };
}

/** A row's value. No fingerprint says that it is not known what Okta holds. */
export function encodeRow(row: number, fingerprint: string): Buffer {
  const value = Buffer.allocUnsafe(ROW_BYTES + fingerprint.length);
  value.writeUInt32LE(row, 0);
  value.write(fingerprint, ROW_BYTES, 'latin1');
  return value;
}

/** The number of a row. */
export function rowNumber(value: Buffer): number {
  return value.readUInt32LE(0);
}

/** The fingerprint of a row; `''` when it is not known what Okta holds. */
export function rowFingerprint(value: Buffer): string {
  return value.toString('latin1', ROW_BYTES);
}
