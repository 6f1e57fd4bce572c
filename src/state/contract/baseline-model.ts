import assert from 'node:assert/strict';
import { ENTITIES, splitMembershipKey, type Entity } from '../../core/model.js';
import type { PendingRow, SessionOutcome } from '../journal.js';
import { UNKNOWN, type Held, type StateStore } from '../store.js';
import { AWKWARD_IDS, AWKWARD_KEYS, AWKWARD_PAIRS, settled, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { deleted, heldRows } from './rows.js';
import { inRounds, type Seeded } from './seeded.js';

const ROUNDS = 40;
const OUTCOMES: readonly SessionOutcome[] = ['completed', 'dropped', 'unknown'];
const KEYS: Readonly<Record<Entity, readonly string[]>> = {
  users: [...AWKWARD_KEYS, ...AWKWARD_IDS],
  groups: [...AWKWARD_KEYS, ...AWKWARD_IDS],
  memberships: AWKWARD_PAIRS,
};

/** The baseline as plain maps. */
type Model = Readonly<Record<Entity, Map<string, Held>>>;

/** The law of all rows together, for random sessions: the store has the rows that plain maps would have. */
export const baselineModelLaws: Laws = {
  'the baseline is what a plain map would hold, whatever is settled in whatever way': async (store) => {
    const model: Model = { users: new Map(), groups: new Map(), memberships: new Map() };
    await inRounds(ROUNDS, async (random) => {
      for (const rows of random.list(6, () => random.list(12, () => randomRow(random)))) {
        const outcome = random.pick(OUTCOMES);
        await settled(store, rows, outcome);
        settleInModel(model, rows, outcome);
      }
      await requireEqual(store, model);
    });
  },
};

function randomRow(random: Seeded): PendingRow {
  const entity = random.pick(ENTITIES);
  const key = random.pick(KEYS[entity]);
  if (random.pick(['upsert', 'delete']) === 'delete') return deleted(entity, key);
  return upsert(entity, key, {
    digest: random.pick(['a'.repeat(16), '\u00ff\u0000'.repeat(8)]),
    attributes: random.pick(['', '\u00ff\u0000ab', 'abcd'.repeat(3)]),
  });
}

function settleInModel(model: Model, rows: readonly PendingRow[], outcome: SessionOutcome): void {
  if (outcome === 'dropped') return;
  for (const row of rows) {
    if (outcome === 'unknown') model[row.entity].set(row.key, UNKNOWN);
    else if (row.kind === 'delete') model[row.entity].delete(row.key);
    else model[row.entity].set(row.key, { kind: 'confirmed', fingerprint: row.fingerprint });
  }
  const isEnded = (entity: Entity, key: string) =>
    rows.some((row) => row.kind === 'delete' && row.entity === entity && row.key === key);
  for (const pair of [...model.memberships.keys()]) {
    const { groupExternalId, memberExternalId } = splitMembershipKey(pair);
    const isGroupEnded = isEnded('groups', groupExternalId);
    if (outcome === 'completed' && isGroupEnded) model.memberships.delete(pair);
    else if (isGroupEnded || isEnded('users', memberExternalId)) model.memberships.set(pair, UNKNOWN);
  }
}

async function requireEqual(store: StateStore, model: Model): Promise<void> {
  const counts = await store.counts();
  const reading = await store.read();
  for (const entity of ENTITIES) {
    assert.deepEqual(await heldRows(store, entity), Object.fromEntries(model[entity]));
    const unknown = [...model[entity].values()].filter(({ kind }) => kind === 'unknown').length;
    assert.deepEqual(counts[entity], { known: model[entity].size - unknown, unknown });
    assert.deepEqual(
      await reading.held(entity, KEYS[entity]),
      KEYS[entity].map((key) => model[entity].get(key)),
    );
  }
  await reading.close();
}
