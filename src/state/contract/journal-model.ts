import assert from 'node:assert/strict';
import { ENTITIES } from '../../core/model.js';
import type { Journal, JournaledSession, PendingRow, SessionOutcome } from '../journal.js';
import { UNKNOWN, type Held } from '../store.js';
import { print, upsert } from './fixtures.js';
import type { Laws } from './laws.js';
import { deleted, heldRows } from './rows.js';
import { inRounds, type Seeded } from './seeded.js';

const ROUNDS = 40;
const STEPS = 25;
const OUTCOMES: readonly SessionOutcome[] = ['completed', 'dropped', 'unknown'];
const CALLS = [
  ...(['creating', 'created', 'loading', 'loading', 'loaded', 'refused'] as const),
  ...(['cancelling', 'triggering', 'triggered', 'settle'] as const),
];

/** The law of the journal as a whole, for random calls: it has the sessions that a plain list would have. */
export const journalModelLaws: Laws = {
  'the journal holds what a plain list would, whatever happens to however many sessions': async (store) => {
    const model = new JournalModel(store.journal);
    await inRounds(ROUNDS, async (random) => {
      for (const call of random.list(STEPS, () => random.pick(CALLS))) await model.call(call, random);
      assert.deepEqual(await store.journal.open(), model.sessions());
      assert.equal(await store.journal.lastTriggeredAt(), model.lastTriggeredAt);
      const held: Record<string, Held> = {};
      for (const entity of ENTITIES)
        for (const [key, row] of Object.entries(await heldRows(store, entity)))
          held[`${entity} ${key}`] = row;
      assert.deepEqual(held, Object.fromEntries(model.baseline));
    });
  },
};

interface ModelSession {
  session: Omit<JournaledSession, 'loads' | 'rows' | 'hasUpserts'>;
  readonly loads: PendingRow[][];
  /** The numbers of the loads, in the same order. */
  readonly numbers: number[];
}

/** Calls the journal and does the same to a plain list. */
class JournalModel {
  readonly baseline = new Map<string, Held>();
  lastTriggeredAt: number | undefined;
  #open: ModelSession[] = [];
  #lastId = 0;

  constructor(readonly journal: Journal) {}

  sessions(): JournaledSession[] {
    return this.#open.map(({ session, loads }) => ({
      ...session,
      loads: loads.length,
      rows: loads.flat().length,
      hasUpserts: loads.flat().some((row) => row.kind === 'upsert'),
    }));
  }

  /** Makes one call for a random session, if there is one to which the call applies. */
  async call(call: (typeof CALLS)[number], random: Seeded): Promise<void> {
    const now = random.below(1_000_000);
    if (call === 'creating') return this.#creating(now);
    if (this.#open.length === 0) return;
    const own = random.pick(this.#open);
    const { id, acknowledged } = own.session;
    const change = (changed: Partial<JournaledSession>) => (own.session = { ...own.session, ...changed });
    if (call === 'created') {
      await this.journal.created(id, `s${now}`);
      change({ sessionId: `s${now}`, phase: 'loading' });
    } else if (call === 'loading') {
      const load = random.list(3, () => randomRow(random));
      const number = await this.journal.loading(id, load);
      assert.ok(!own.numbers.includes(number), 'no two loads of a session have the same number');
      own.loads.push(load);
      own.numbers.push(number);
    } else if (call === 'loaded' && acknowledged < own.loads.length) {
      await this.journal.loaded(id);
      change({ acknowledged: acknowledged + 1 });
    } else if (call === 'refused' && acknowledged < own.loads.length) {
      const at = random.below(own.loads.length);
      await this.journal.refused(id, own.numbers[at] as number);
      own.loads.splice(at, 1);
      own.numbers.splice(at, 1);
    } else if (call === 'triggering' || call === 'cancelling') {
      await this.journal[call](id);
      change({ phase: call });
    } else if (call === 'triggered') {
      await this.journal.triggered(id, now);
      change({ phase: 'triggered', triggeredAt: now });
      this.lastTriggeredAt = now;
    } else if (call === 'settle') await this.#settle(own, random.pick(OUTCOMES));
  }

  async #creating(now: number): Promise<void> {
    const id = await this.journal.creating(now);
    assert.ok(id > this.#lastId, 'the number of a session is never used again, also after it was settled');
    this.#lastId = id;
    const session = {
      id,
      sessionId: undefined,
      phase: 'creating' as const,
      startedAt: now,
      seen: [],
      triggeredAt: undefined,
      acknowledged: 0,
    };
    this.#open.push({ session, loads: [], numbers: [] });
  }

  async #settle(own: ModelSession, outcome: SessionOutcome): Promise<void> {
    await this.journal.settle(own.session.id, outcome);
    this.#open = this.#open.filter((one) => one !== own);
    if (outcome === 'dropped') return;
    for (const row of own.loads.flat()) {
      const place = `${row.entity} ${row.key}`;
      if (outcome === 'unknown') this.baseline.set(place, UNKNOWN);
      else if (row.kind === 'delete') this.baseline.delete(place);
      else this.baseline.set(place, { kind: 'confirmed', fingerprint: row.fingerprint });
    }
  }
}

function randomRow(random: Seeded): PendingRow {
  const entity = random.pick(ENTITIES);
  // As memberships, they belong to a group that is not one of these keys.
  const key = random.pick(['1:xa', '1:xb', '1:xc']);
  return random.below(2) === 0
    ? deleted(entity, key)
    : upsert(entity, key, print(key, String(random.below(10))));
}
