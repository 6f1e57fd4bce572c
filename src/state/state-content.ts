import { createHash } from 'node:crypto';
import { ENTITIES, type Entity } from '../core/model.js';
import { MOVED_TO, type HeldRow, type StateStore } from './store.js';

/** The name of the meta value with the place from which a state was moved. */
export const MOVED_FROM = 'moved-from';
/** The small values that belong to a place, and not to the state. */
const OF_THE_PLACE: readonly string[] = ['import', MOVED_TO, MOVED_FROM];

/** True for a small value that is moved with a state. */
export function isCopiedValue(name: string): boolean {
  return !OF_THE_PLACE.includes(name);
}

/**
 * The first part in which two states differ, in words; undefined if they have the same content. Stores list rows in orders of their own, so
 * the hashes of all rows are added up: each state is read once, and no row stays in memory.
 */
export async function difference(one: StateStore, other: StateStore): Promise<string | undefined> {
  for (const [what, contentOf] of PARTS) if ((await contentOf(one)) !== (await contentOf(other))) return what;
  return undefined;
}

/** The parts of a state, and each part as a text that is the same for the same content. */
const PARTS: readonly (readonly [what: string, content: (state: StateStore) => Promise<string>])[] = [
  ['key of the fingerprints', async (state) => state.fingerprintKey],
  [
    'org',
    async (state) => {
      const target = await state.target();
      return JSON.stringify(target && [target.orgUrl, target.identitySourceId]) ?? '';
    },
  ],
  ['time of the last session', async (state) => String(await state.journal.lastTriggeredAt())],
  ['small values', valuesOf],
  ...ENTITIES.flatMap((entity) => [
    [`counts of ${entity}`, (state: StateStore) => countsOf(state, entity)] as const,
    [entity, (state: StateStore) => rowsOf(state, entity)] as const,
    [`absences of ${entity}`, (state: StateStore) => absencesOf(state, entity)] as const,
  ]),
];

async function valuesOf(state: StateStore): Promise<string> {
  const names = (await state.metaNames()).filter(isCopiedValue).sort();
  const values: (readonly [string, string | undefined])[] = [];
  for (const name of names) values.push([name, await state.getMeta(name)]);
  return JSON.stringify(values);
}

async function countsOf(state: StateStore, entity: Entity): Promise<string> {
  const { known, unknown } = (await state.counts())[entity];
  return `${known} ${unknown}`;
}

async function rowsOf(state: StateStore, entity: Entity): Promise<string> {
  const sum = new Sum();
  for await (const rows of state.rows(entity)) for (const row of rows) sum.add(textOf(row));
  return String(sum);
}

function textOf({ key, held, logins = [] }: HeldRow): string {
  const value = held.kind === 'confirmed' ? [held.fingerprint.digest, held.fingerprint.attributes] : logins;
  return JSON.stringify([key, held.kind, ...value]);
}

async function absencesOf(state: StateStore, entity: Entity): Promise<string> {
  const sum = new Sum();
  for (const entry of await state.absences(entity)) sum.add(JSON.stringify(entry));
  return String(sum);
}

/** The sum of the hashes of texts, which does not depend on their order. */
class Sum {
  #count = 0;
  readonly #lanes = new BigUint64Array(4);

  add(text: string): void {
    this.#count++;
    const hash = createHash('sha256').update(text).digest();
    for (let i = 0; i < this.#lanes.length; i++)
      this.#lanes[i] = (this.#lanes[i] as bigint) + hash.readBigUInt64LE(i * 8);
  }

  toString(): string {
    return `${this.#count} ${this.#lanes.join(' ')}`;
  }
}
