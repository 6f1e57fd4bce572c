import assert from 'node:assert/strict';
import type { PendingRow, SessionOutcome } from '../journal.js';
import type { StateStore } from '../store.js';
import { AWKWARD_IDS, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { deleted, fingerprint, gone, unknown } from './rows.js';
import { inRounds, type Seeded } from './seeded.js';

const ROUNDS = 40;
const OUTCOMES: readonly SessionOutcome[] = ['completed', 'dropped', 'unknown'];
/** A login is a fingerprint of ten characters. Some begin with the same 32 bits, and some with zeros. */
const LOGINS = ['ann+login+', 'ann+other+', 'ann+third+', 'bob+login+', '\0\0\0\0zeros+', '\x01\0\0\0zeros+'];
const NOBODYS = ['ann+nobody', '\0'.repeat(10)];

/** The logins that each user may have, by key. */
type Model = Map<string, Set<string>>;

/** The law of all logins together, for random sessions. */
export const loginModelLaws: Laws = {
  'the users who may have a login are those of a plain map, whatever is settled in whatever way': async (
    store,
    under,
  ) => {
    const model: Model = new Map();
    await inRounds(ROUNDS, async (random) => {
      for (const rows of random.list(4, () => random.list(8, () => randomRow(random)))) {
        const outcome = random.pick(OUTCOMES);
        await settled(store, rows, outcome);
        settleInModel(model, rows, outcome);
      }
      if (random.below(3) === 0) await adoptInBoth(store, model, random);
      await requireEqual(store, model);
    });
    const again = await under.reopen();
    await requireEqual(again.store, model);
    await again.dispose();
  },
};

function randomRow(random: Seeded): PendingRow {
  const key = random.pick(AWKWARD_IDS);
  if (random.below(4) === 0) return deleted('users', key);
  const login = random.below(6) === 0 ? '' : random.pick(LOGINS);
  return upsert('users', key, fingerprint(`${login}${key}`, `attributes..${login}`));
}

const loginOf = (row: PendingRow) => (row.kind === 'upsert' ? row.fingerprint.attributes.slice(12) : '');

function settleInModel(model: Model, rows: readonly PendingRow[], outcome: SessionOutcome): void {
  if (outcome === 'dropped') return;
  for (const row of rows) {
    const before = outcome === 'unknown' ? (model.get(row.key) ?? []) : [];
    const login = loginOf(row);
    if (outcome === 'completed' && row.kind === 'delete') model.delete(row.key);
    else model.set(row.key, new Set(login === '' ? before : [...before, login]));
  }
}

/** Removes one user, and makes the row of another unknown. */
async function adoptInBoth(store: StateStore, model: Model, random: Seeded): Promise<void> {
  const [first, second] = [random.pick(AWKWARD_IDS), random.pick(AWKWARD_IDS)];
  await store.adopt([gone('users', first)]);
  await store.adopt([unknown('users', second)]);
  model.delete(first);
  model.set(second, model.get(second) ?? new Set());
}

async function requireEqual(store: StateStore, model: Model): Promise<void> {
  const reading = await store.read();
  const logins = [...LOGINS, ...NOBODYS];
  const expected = logins.map((login) =>
    [...model.keys()].filter((key) => model.get(key)?.has(login)).sort(),
  );
  assert.deepEqual(await reading.holders(logins), expected);
  await reading.close();
}
