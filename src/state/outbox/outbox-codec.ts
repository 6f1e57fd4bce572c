import {
  encodeDeletion,
  splitMembershipKey,
  type Change,
  type ChangeKind,
  type Entity,
  type Fingerprint,
} from '../../core/model.js';
import type { Lane } from '../store.js';

/** Changes of a frame, at most, and the bytes after which it is closed. */
const FRAME_CHANGES = 32;
const FRAME_BYTES = 16 * 1024;
/** Numbers at the head of a frame: its length in bytes, how many changes, and the length of each text. */
const HEAD = 6;
/** Numbers of each change: lengths of its item, key, names and fingerprint in characters, bytes of its entry, and flags. */
const COLUMNS = 6;
const CREATED = 1;
/** Characters of a fingerprint before those of the attributes. */
const DIGEST_LENGTH = 16;
/** Marks the length of a text that is kept with two bytes a character. */
const WIDE = 0x8000_0000;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;
/** Stands between the names of attributes, which may hold anything but that. */
const SEPARATOR = '\0';
const FIRST_BYTES = 4096;

/** Changes of a frame, and the bytes that each takes in a request. */
export interface Frame {
  readonly changes: readonly Change[];
  readonly sizes: readonly number[];
}

/**
 * Writes changes of one lane as a block of frames. A frame holds a few changes: columns of numbers, and behind them four texts,
 * of all items, keys, names of changed attributes and fingerprints. One string of a frame is written and read in a fraction of
 * the time of its parts; a frame is small, because what waits as strings is moved by the garbage collector again and again.
 * Text takes one byte a character where that is enough, which makes it a mere copy. What a lane or a key says already is left
 * out.
 *
 * Keys are a text of their own, because a part of a string keeps the whole alive: who remembers keys must not hold items.
 */
export class BlockWriter {
  #numbers: number[] = [];
  #items: string[] = [];
  #keys: string[] = [];
  #names: string[] = [];
  #fingerprints: string[] = [];
  /** Characters of the open frame. */
  #waiting = 0;
  #block = Buffer.alloc(0);
  #length = 0;

  /** Bytes of the frames that are closed. */
  get bytes(): number {
    return this.#length;
  }

  /** `size` is what the change takes in a request. */
  add(change: Change, size: number): void {
    const { key, changed } = change;
    const fingerprint =
      change.fingerprint === undefined ? '' : change.fingerprint.digest + change.fingerprint.attributes;
    const item = change.entity !== 'memberships' && change.kind === 'upsert' ? change.item : '';
    const names = changed === undefined ? '' : changed.join(SEPARATOR);
    this.#items.push(item);
    this.#keys.push(key);
    this.#names.push(names);
    this.#fingerprints.push(fingerprint);
    this.#numbers.push(
      item.length,
      key.length,
      names.length,
      fingerprint.length,
      size,
      change.created ? CREATED : 0,
    );
    this.#waiting += item.length + key.length;
    if (this.#keys.length === FRAME_CHANGES || this.#waiting >= FRAME_BYTES) this.#closeFrame();
  }

  /** The block that was written, which is to be copied before the next change is added. */
  take(): Buffer {
    if (this.#keys.length > 0) this.#closeFrame();
    const block = this.#block.subarray(0, this.#length);
    this.#length = 0;
    return block;
  }

  /** The last block; the writer keeps no memory. */
  finish(): Buffer {
    const block = this.take();
    this.#block = Buffer.alloc(0);
    return block;
  }

  #closeFrame(): void {
    const texts = [this.#items, this.#keys, this.#names, this.#fingerprints].map((parts) => parts.join(''));
    const wide = texts.map((text) => BEYOND_LATIN1.test(text));
    const bytes = texts.map((text, i) => (wide[i] ? 2 : 1) * text.length);
    const start = (HEAD + this.#numbers.length) * 4;
    const length = aligned(bytes.reduce((sum, size) => sum + size, start));
    this.#makeRoom(length);
    const numbers = new Uint32Array(this.#block.buffer, this.#length, HEAD + this.#numbers.length);
    numbers[0] = length;
    numbers[1] = this.#keys.length;
    for (const [i, text] of texts.entries()) numbers[i + 2] = wide[i] ? text.length + WIDE : text.length;
    numbers.set(this.#numbers, HEAD);
    let at = this.#length + start;
    for (const [i, text] of texts.entries())
      at += this.#block.write(text, at, wide[i] ? 'utf16le' : 'latin1');
    this.#length += length;
    this.#numbers = [];
    this.#items = [];
    this.#keys = [];
    this.#names = [];
    this.#fingerprints = [];
    this.#waiting = 0;
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#block.length) return;
    // Of its own, so that numbers of four bytes stand where they may.
    const block = Buffer.allocUnsafeSlow(
      aligned(Math.max(this.#length + more, this.#block.length * 2, FIRST_BYTES)),
    );
    block.set(this.#block.subarray(0, this.#length));
    this.#block = block;
  }
}

/** Reads the frame at `at` of a block that begins at a multiple of four bytes. */
export function readFrame(block: Buffer, at: number, lane: Lane): Frame & { readonly end: number } {
  const numbers = new Uint32Array(block.buffer, block.byteOffset + at);
  const count = numbers[1] as number;
  let start = at + (HEAD + count * COLUMNS) * 4;
  const nextText = (length: number) => {
    const end = start + (length >= WIDE ? (length - WIDE) * 2 : length);
    const text = block.toString(length >= WIDE ? 'utf16le' : 'latin1', start, end);
    start = end;
    return text;
  };
  const items = nextText(numbers[2] as number);
  const keys = nextText(numbers[3] as number);
  const names = nextText(numbers[4] as number);
  const fingerprints = nextText(numbers[5] as number);

  const changes = new Array<Change>(count);
  const sizes = new Array<number>(count);
  const make = maker(lane);
  let [item, key, name, fingerprint] = [0, 0, 0, 0];
  for (let i = 0, column = HEAD; i < count; i++, column += COLUMNS) {
    const itemEnd = item + (numbers[column] as number);
    const keyEnd = key + (numbers[column + 1] as number);
    const nameEnd = name + (numbers[column + 2] as number);
    const fingerprintEnd = fingerprint + (numbers[column + 3] as number);
    changes[i] = make(
      keys.slice(key, keyEnd),
      items.slice(item, itemEnd),
      lane.kind === 'delete' ? undefined : fingerprintOf(fingerprints, fingerprint, fingerprintEnd),
      numbers[column + 5] === CREATED,
      nameEnd === name ? undefined : names.slice(name, nameEnd).split(SEPARATOR),
    );
    sizes[i] = numbers[column + 4] as number;
    [item, key, name, fingerprint] = [itemEnd, keyEnd, nameEnd, fingerprintEnd];
  }
  return { changes, sizes, end: at + (numbers[0] as number) };
}

/** The digest and, behind it, the attribute fingerprints. */
function fingerprintOf(text: string, start: number, end: number): Fingerprint {
  const attributesStart = start + DIGEST_LENGTH;
  return { digest: text.slice(start, attributesStart), attributes: text.slice(attributesStart, end) };
}

/** The next multiple of four. */
function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

type MakeChange = (
  key: string,
  item: string,
  fingerprint: Fingerprint | undefined,
  created: boolean,
  changed: readonly string[] | undefined,
) => Change;

/** Puts the changes of a lane together again. */
function maker({ entity, kind, dependent }: Lane): MakeChange {
  if (kind === 'delete')
    return (key, _item, fingerprint, created) => {
      const { item, group } = encodeDeletion(entity, key);
      return new WaitingChange(entity, kind, key, item, group, fingerprint, created, undefined, dependent);
    };
  if (entity !== 'memberships')
    return (key, item, fingerprint, created, changed) =>
      new WaitingChange(entity, kind, key, item, '', fingerprint, created, changed, dependent);
  // Members of a group often stand together: its id is encoded once.
  let [groupId, group] = ['', '""'];
  return (key, _item, fingerprint, created) => {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    if (groupExternalId !== groupId) [groupId, group] = [groupExternalId, JSON.stringify(groupExternalId)];
    const item = JSON.stringify(memberExternalId);
    return new WaitingChange(entity, kind, key, item, group, fingerprint, created, undefined, dependent);
  };
}

/**
 * A change that was read back. A class, because a literal is made among the old objects by V8 once it finds that most of them
 * outlive a collection of the young, which a look-ahead sees to. There a change that was sent keeps the text of its frame
 * until the old are collected: 60 MB more for a million people.
 */
class WaitingChange implements Change {
  constructor(
    readonly entity: Entity,
    readonly kind: ChangeKind,
    readonly key: string,
    readonly item: string,
    readonly group: string,
    readonly fingerprint: Fingerprint | undefined,
    readonly created: boolean,
    readonly changed: readonly string[] | undefined,
    readonly dependent: boolean,
  ) {}
}
