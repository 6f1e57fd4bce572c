import { placesOf } from '../chunk.js';
import { RecordError } from '../errors.js';
import {
  displayKey,
  encodeItem,
  keyOf,
  type Change,
  type Entity,
  type RecordOf,
  type UserRecord,
} from '../model.js';
import type { RunContext } from '../run-context.js';
import type { AttributePrints } from '../state/attribute-prints.js';
import type { Fingerprinter } from '../state/fingerprint.js';
import { Seen, type Reading } from '../state/store.js';
import type { DiffNote } from './diff-note.js';
import { checkReferences } from './references.js';

/** The options of `diff` that matter here. */
export interface ComparerOptions {
  readonly onDuplicate?: 'reject' | 'fail';
  readonly mixed?: boolean;
}

/** Compares chunks of one entity; holds what stays the same from chunk to chunk. */
export class Comparer<E extends Entity> {
  /** Users and groups that this run removes; a membership that names one is refused. */
  removed: { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;

  constructor(
    private readonly entity: E,
    private readonly reading: Reading,
    private readonly fingerprinter: Fingerprinter,
    private readonly prints: AttributePrints,
    private readonly options: ComparerOptions,
    private readonly context: RunContext,
    private readonly note: DiffNote,
  ) {}

  async compare(chunk: readonly RecordOf[E][]): Promise<Change[]> {
    const { entity, fingerprinter, note } = this;
    const first = note.read;
    const keys = new Array<string>(chunk.length);
    const fingerprints = new Array<string>(chunk.length);
    for (let i = 0; i < chunk.length; i++) {
      const record = chunk[i] as RecordOf[E];
      keys[i] = keyOf(entity, record);
      fingerprints[i] = fingerprinter.of(entity, record);
    }
    note.read += chunk.length;
    const refused =
      entity === 'memberships'
        ? await this.#refuseRemoved(chunk as readonly RecordOf['memberships'][], first)
        : undefined;
    const codes = await this.#codes(keys, fingerprints, refused);
    const changes: Change[] = [];
    const before = await this.#printsOfChanged(keys, codes);
    for (let i = 0; i < chunk.length; i++) {
      const code = codes[i];
      // The common case first: of a large directory, nearly everything is unchanged.
      if (code === Seen.SAME) {
        note.unchanged++;
        continue;
      }
      const key = keys[i] as string;
      if (refused?.has(i)) continue;
      if (code === Seen.DUPLICATE) {
        this.#duplicate(chunk, i, first, key);
        continue;
      }
      const { item, group } = encodeItem(entity, chunk[i] as RecordOf[E]);
      changes.push({
        entity,
        kind: 'upsert',
        key,
        item,
        group,
        fingerprint: (fingerprints[i] as string) + this.#attributePrints(chunk[i] as RecordOf[E]),
        created: code === Seen.NEW,
        changed: this.#changedAttributes(chunk[i] as RecordOf[E], before?.get(key)),
        dependent: false,
      });
    }
    const kept =
      entity === 'memberships' ? await this.#checkMemberships(chunk, codes, changes, first) : changes;
    for (const change of kept) {
      if (change.created) note.creates++;
      else note.updates++;
    }
    return kept;
  }

  /** What is held of the attributes of those records that differ, by key. */
  async #printsOfChanged(
    keys: readonly string[],
    codes: Uint8Array,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    if (this.entity === 'memberships' || !codes.includes(Seen.CHANGED)) return undefined;
    const changed = keys.filter((_, i) => codes[i] === Seen.CHANGED);
    const prints = await this.reading.held(this.entity, changed);
    return new Map(changed.map((key, i) => [key, prints[i] ?? '']));
  }

  #attributePrints(record: RecordOf[E]): string {
    return this.entity === 'memberships' ? '' : this.prints.of((record as UserRecord).profile);
  }

  #changedAttributes(record: RecordOf[E], before: string | undefined): readonly string[] | undefined {
    if (before === undefined || before === '') return undefined;
    return this.prints.changed(before, (record as UserRecord).profile);
  }

  /** Codes for the whole chunk; refused records are not compared, so that they do not count as seen. */
  async #codes(
    keys: string[],
    fingerprints: string[],
    refused: ReadonlySet<number> | undefined,
  ): Promise<Uint8Array> {
    if (refused === undefined || refused.size === 0)
      return this.reading.compare(this.entity, keys, fingerprints);
    const rest = keys.map((_, i) => i).filter((i) => !refused.has(i));
    const answers = await this.reading.compare(
      this.entity,
      rest.map((i) => keys[i] as string),
      rest.map((i) => fingerprints[i] as string),
    );
    const codes = new Uint8Array(keys.length).fill(Seen.NEW);
    rest.forEach((i, at) => (codes[i] = answers[at] ?? Seen.NEW));
    return codes;
  }

  /**
   * Memberships of a user or group that this run removes. They are refused and not kept, so that Okta's membership
   * goes with what it belonged to, and is sent anew should both come back.
   */
  async #refuseRemoved(
    chunk: readonly RecordOf['memberships'][],
    first: number,
  ): Promise<ReadonlySet<number> | undefined> {
    const removed = this.removed;
    if (removed === undefined || (removed.users.size === 0 && removed.groups.size === 0)) return undefined;
    const refused = new Set<number>();
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      const field = removed.users.has(memberExternalId)
        ? 'memberExternalId'
        : removed.groups.has(groupExternalId)
          ? 'groupExternalId'
          : undefined;
      if (field === undefined) continue;
      refused.add(i);
      this.#rejectReference(chunk as readonly RecordOf[E][], i, first, field, false);
    }
    return refused;
  }

  async #checkMemberships(
    chunk: readonly RecordOf[E][],
    codes: Uint8Array,
    changes: Change[],
    first: number,
  ): Promise<Change[]> {
    if (changes.length === 0) return changes;
    const positions: number[] = [];
    const byKey = new Map<string, number>();
    for (let i = 0; i < chunk.length; i++) {
      if (codes[i] === Seen.NEW || codes[i] === Seen.CHANGED)
        byKey.set(keyOf(this.entity, chunk[i] as RecordOf[E]), i);
    }
    for (const change of changes) positions.push(byKey.get(change.key) ?? 0);
    const verdicts = await checkReferences(this.reading, changes);
    const kept: Change[] = [];
    for (const [at, change] of changes.entries()) {
      const verdict = verdicts[at];
      if (verdict === 'unknown-user')
        this.#rejectReference(chunk, positions[at] ?? 0, first, 'memberExternalId', true);
      else if (verdict === 'unknown-group')
        this.#rejectReference(chunk, positions[at] ?? 0, first, 'groupExternalId', true);
      else
        kept.push(verdict === 'new' && this.options.mixed !== true ? { ...change, dependent: true } : change);
    }
    return kept;
  }

  #rejectReference(
    chunk: readonly RecordOf[E][],
    i: number,
    first: number,
    field: 'memberExternalId' | 'groupExternalId',
    keep: boolean,
  ): void {
    const [code, what] = field === 'memberExternalId' ? ['UNKNOWN_USER', 'user'] : ['UNKNOWN_GROUP', 'group'];
    const key = keyOf(this.entity, chunk[i] as RecordOf[E]);
    this.#reject(
      chunk,
      i,
      first,
      key,
      code,
      `the ${what} it names is neither in the source nor held by Okta`,
      field,
      keep,
    );
  }

  #duplicate(chunk: readonly RecordOf[E][], i: number, first: number, key: string): void {
    const reason = 'its key came before in the same read';
    if (this.options.onDuplicate === 'fail') {
      throw new RecordError(
        this.entity,
        `${this.entity} ${displayKey(this.entity, key)}: ${reason} (record ${first + i + 1})`,
      );
    }
    this.#reject(chunk, i, first, key, 'DUPLICATE', reason, undefined, true);
  }

  #reject(
    chunk: readonly RecordOf[E][],
    i: number,
    first: number,
    key: string,
    code: string,
    reason: string,
    field: string | undefined,
    keep: boolean,
  ): void {
    const places = placesOf(chunk);
    const counts = this.context.counts(this.entity);
    // Without `validate` before it nothing was counted as accepted.
    if (counts.accepted > 0) counts.accepted--;
    this.context.reject(
      {
        entity: this.entity,
        externalId: displayKey(this.entity, key),
        file: places?.file,
        line: places?.lines?.[i],
        position: first + i + 1,
        field,
        code,
        reason,
      },
      key,
      keep,
    );
  }
}
