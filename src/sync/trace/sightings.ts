import { displayKey, keyOf, type Entity, type Profile, type RecordOf } from '../../core/model.js';
import { commonForm } from '../../diff/similar-ids.js';
import { placeOf, type Chunk } from '../../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Source } from '../../flow/flow.js';
import { pipe } from '../../flow/pipe.js';
import { isLeftOut } from '../../validate/left-out-record.js';
import { refusalOf } from '../../validate/refused-record.js';

/** The most places and similar ids that are kept; all places are counted. */
const MOST = 20;

/** One place in a source that has the id. */
export interface Sighting {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly position: number;
  /** `record`: the mapping made a record of it; `leftOut`: a condition leaves it out; `notMapped`: the mapping has an error for it. */
  readonly result: 'record' | 'leftOut' | 'notMapped';
  /** The profile of a user or group. Its values must not be shown. */
  readonly profile: Profile | undefined;
}

/** Watches a source for one id. Its memory does not grow with the source. */
export class Sightings<E extends Entity> {
  readonly #entity: E;
  readonly #id: string;
  readonly #form: string;
  #read = 0;
  /** The number of places that have the id. */
  count = 0;
  /** The first of these places. */
  readonly first: Sighting[] = [];
  /** Ids of the source that differ only in blanks, case, leading zeros or the form of Unicode. */
  readonly similar = new Set<string>();

  constructor(entity: E, id: string) {
    this.#entity = entity;
    this.#id = id;
    this.#form = commonForm(id);
  }

  /** The same source, watched. No row of it is recognised by its bytes alone. */
  watch(source: Source<RecordOf[E]>): Flow<RecordOf[E]> {
    const flow = pipe(source);
    return flowOf(() => this.#watched(flow), contextOf(flow));
  }

  async *#watched(flow: Flow<RecordOf[E]>): AsyncGenerator<Chunk<RecordOf[E]>, void, undefined> {
    for await (const chunk of flow.chunks()) {
      for (let i = 0; i < chunk.length; i++) this.#see(chunk, i);
      this.#read += chunk.length;
      yield chunk;
    }
  }

  #see(chunk: Chunk<RecordOf[E]>, i: number): void {
    const record = chunk[i] as RecordOf[E];
    const refusal = refusalOf(record);
    const left = isLeftOut(record);
    const key = refusal !== undefined ? refusal.key : left ? record.key : keyIn(this.#entity, record);
    if (key === undefined) return;
    const id = displayKey(this.#entity, key);
    if (id !== this.#id) {
      if (this.similar.size < MOST && commonForm(id) === this.#form) this.similar.add(id);
      return;
    }
    this.count++;
    if (this.first.length >= MOST) return;
    const { file, line, position } = placeOf(chunk, i, this.#read);
    const result = refusal !== undefined ? 'notMapped' : left ? 'leftOut' : 'record';
    const profile = result === 'record' && 'profile' in record ? record.profile : undefined;
    this.first.push({ file, line, position, result, profile });
  }
}

/** The key of a record that is not validated yet; undefined if an id of it is not a text. */
function keyIn<E extends Entity>(entity: E, record: RecordOf[E]): string | undefined {
  const names =
    entity === 'memberships' ? (['groupExternalId', 'memberExternalId'] as const) : (['externalId'] as const);
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof fields[name] === 'string') ? keyOf(entity, record) : undefined;
}
