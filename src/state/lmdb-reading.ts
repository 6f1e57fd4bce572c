import { hash } from 'node:crypto';
import type { Entity } from '../model.js';
import { DigestSet } from './key-set.js';
import { rowFingerprint, rowNumber, type Head, type Tables } from './lmdb-tables.js';
import { Reference, Seen, type Reading } from './store.js';

const MISSING_CHUNK = 4096;

/** What one entity's part of a reading remembers: a bit for each row, and a digest for each key that is new. */
interface Marks {
  readonly compared: Uint8Array;
  readonly present: Uint8Array;
  readonly rows: number;
  readonly fresh: DigestSet;
}

/**
 * A reading over LMDB. Rows have numbers, so a bit tells whether one was seen; keys stay on disk. Rows that are
 * committed while it is open (a pipe without a guard sends as it reads) have higher numbers, and do not count.
 */
export class LmdbReading implements Reading {
  readonly #tables: Tables;
  readonly #fingerprintKey: string;
  readonly #onClose: () => void;
  readonly #marks: Readonly<Record<Entity, Marks>>;
  readonly #complete = new Set<Entity>();

  constructor(tables: Tables, head: Head, onClose: () => void) {
    this.#tables = tables;
    this.#fingerprintKey = head.fingerprintKey;
    this.#onClose = onClose;
    const marks = (entity: Entity): Marks => {
      const rows = head.counts[entity].nextRow;
      const bytes = (rows + 7) >>> 3;
      return {
        compared: new Uint8Array(bytes),
        present: new Uint8Array(bytes),
        rows,
        fresh: new DigestSet(),
      };
    };
    this.#marks = { users: marks('users'), groups: marks('groups'), memberships: marks('memberships') };
  }

  async compare(
    entity: Entity,
    keys: readonly string[],
    fingerprints: readonly string[],
  ): Promise<Uint8Array> {
    const codes = new Uint8Array(keys.length);
    const marks = this.#marks[entity];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const value = this.#get(entity, key);
      if (value === undefined) {
        codes[i] = this.#addFresh(marks, key) ? Seen.NEW : Seen.DUPLICATE;
        continue;
      }
      const row = rowNumber(value);
      if (isSet(marks.compared, row)) {
        codes[i] = Seen.DUPLICATE;
        continue;
      }
      set(marks.compared, row);
      set(marks.present, row);
      const known = rowFingerprint(value);
      codes[i] = known === '' ? Seen.NEW : known === fingerprints[i] ? Seen.SAME : Seen.CHANGED;
    }
    return codes;
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const value = this.#get(entity, key);
      if (value !== undefined) set(this.#marks[entity].present, rowNumber(value));
    }
  }

  complete(entity: Entity): void {
    this.#complete.add(entity);
  }

  isComplete(entity: Entity): boolean {
    return this.#complete.has(entity);
  }

  async refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const marks = this.#marks[entity];
    return Uint8Array.from(keys, (key) => {
      const value = this.#get(entity, key);
      if (value === undefined)
        return marks.fresh.has(...digest(this.#fingerprintKey, key)) ? Reference.NEW : Reference.ABSENT;
      if (this.#complete.has(entity) && !isSet(marks.present, rowNumber(value))) return Reference.ABSENT;
      return rowFingerprint(value) === '' ? Reference.NEW : Reference.HELD;
    });
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    const { present, rows } = this.#marks[entity];
    let chunk: string[] = [];
    for (const { key, value } of this.#tables.rows[entity].getRange({ snapshot: true })) {
      const row = rowNumber(value);
      if (row >= rows || isSet(present, row)) continue;
      chunk.push(key.toString('utf8'));
      if (chunk.length === MISSING_CHUNK) {
        yield chunk;
        chunk = [];
      }
    }
    if (chunk.length > 0) yield chunk;
  }

  async close(): Promise<void> {
    this.#onClose();
  }

  /** The row of a key, unless it was committed after the reading was opened. */
  #get(entity: Entity, key: string): Buffer | undefined {
    const value = this.#tables.rows[entity].get(Buffer.from(key, 'utf8'));
    return value === undefined || rowNumber(value) >= this.#marks[entity].rows ? undefined : value;
  }

  #addFresh(marks: Marks, key: string): boolean {
    return marks.fresh.add(...digest(this.#fingerprintKey, key));
  }
}

function isSet(bits: Uint8Array, row: number): boolean {
  return ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

function set(bits: Uint8Array, row: number): void {
  bits[row >>> 3] = (bits[row >>> 3] ?? 0) | (1 << (row & 7));
}

/** 63 bits of a keyed digest: nobody can make two keys meet who does not know the key. */
function digest(fingerprintKey: string, key: string): [high: number, low: number] {
  const bytes = hash('sha256', `${fingerprintKey}k${key}`, 'buffer');
  return [bytes.readUInt32LE(0), (bytes.readUInt32LE(4) | 1) >>> 0];
}
