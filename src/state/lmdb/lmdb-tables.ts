import { randomBytes } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import type { ChangeKind, Entity } from '../../core/model.js';
import type { JournaledSession } from '../journal.js';
import type { Target } from '../store.js';
import { EntityRows, newStamp, type EntityHead } from './entity-rows.js';

/** The version of the layout. A state of another version is refused. */
export const FORMAT = 5;

/** The single values of a state. */
export interface Head {
  readonly format: number;
  readonly fingerprintKey: string;
  readonly target: Target | undefined;
  readonly lastTriggeredAt: number | undefined;
  readonly nextSession: number;
  readonly entities: Readonly<Record<Entity, EntityHead>>;
}

/** The rows of one load, grouped by entity and kind. */
export type StoredLoad = readonly {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The bytes of all keys, one after the other, and how many each has. */
  readonly keys: Uint8Array;
  readonly keyLengths: readonly number[];
  /** The digests and attribute fingerprints of all rows, eight bits a character, and how many characters each row has. */
  readonly fingerprints: Uint8Array;
  readonly fingerprintLengths: readonly number[];
}[];

/** The databases of a state's environment. */
export interface Tables {
  readonly root: RootDatabase;
  /** `head`, `generation`, `holder` and the small values, whose names begin with `meta:`. */
  readonly head: Database<unknown, string>;
  readonly journal: Database<JournaledSession, number>;
  /** The rows of each load, by the number of the session and the number of the load. */
  readonly loads: Database<StoredLoad, [number, number]>;
  /** The baseline. */
  readonly rows: Readonly<Record<Entity, EntityRows>>;
  /** The number of complete reads in a row from which an entity was missing, by entity and key. */
  readonly absences: Database<number, Buffer>;
}

/** Opens the databases of an environment, and creates missing ones. */
export function openTables(root: RootDatabase): Tables {
  const head = root.openDB<unknown, string>({ name: 'head' });
  const bytes = (name: string) =>
    root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' });
  return {
    root,
    head,
    journal: root.openDB<JournaledSession, number>({ name: 'journal' }),
    loads: root.openDB<StoredLoad, [number, number]>({ name: 'loads' }),
    rows: {
      users: new EntityRows(bytes('users')),
      groups: new EntityRows(bytes('groups')),
      memberships: new EntityRows(bytes('memberships')),
    },
    absences: root.openDB<number, Buffer>({ name: 'absences', keyEncoding: 'binary' }),
  };
}

/** The names of the small values. */
export function metaNamesOf({ head }: Tables): readonly string[] {
  const prefix = 'meta:';
  return Array.from(head.getKeys({ start: prefix, end: 'meta;' }), (key) => key.slice(prefix.length));
}

/** The head of an empty state, with a new random key. */
export function emptyHead(): Head {
  const none = () => ({ known: 0, unknown: 0, sum: 0, stamp: newStamp() });
  return {
    format: FORMAT,
    fingerprintKey: randomBytes(16).toString('hex'),
    target: undefined,
    lastTriggeredAt: undefined,
    nextSession: 1,
    entities: { users: none(), groups: none(), memberships: none() },
  };
}
