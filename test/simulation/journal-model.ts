import { splitMembershipKey } from '../../src/core/model.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import type { Journal, PendingRow, SessionOutcome } from '../../src/state/journal.js';
import { SOURCE } from '../support/world.js';

interface ModelSession {
  sessionId: string | undefined;
  /** The rows of each load, by its number. */
  readonly loads: Map<number, readonly PendingRow[]>;
}

/**
 * What the journal of a state must hold, gathered from what was written to it. It holds each commit to the rule that
 * the state is never ahead of Okta, by what the org itself knows of the session.
 */
export class JournalModel {
  /** Every commit that was not as it must be; a run may hide what is thrown at it. */
  readonly faults: string[] = [];
  readonly #org: SimulatedOrg;
  readonly #sessions = new Map<number, ModelSession>();

  constructor(org: SimulatedOrg) {
    this.#org = org;
  }

  /** `entity key` of every row in flight: of these the baseline may say what was true before. */
  inFlight(): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const { loads } of this.#sessions.values())
      for (const row of rowsOf(loads)) keys.add(`${row.entity} ${row.key}`);
    return keys;
  }

  /** The users and groups whose end is in flight: Okta may have ended their memberships with them. */
  endsInFlight(): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const { loads } of this.#sessions.values())
      for (const row of rowsOf(loads)) if (row.kind === 'delete') keys.add(`${row.entity} ${row.key}`);
    return keys;
  }

  get open(): number {
    return this.#sessions.size;
  }

  /** The same journal, seen. */
  watch(journal: Journal): Journal {
    const of = (id: number): ModelSession => {
      const session = this.#sessions.get(id);
      if (session === undefined)
        throw new Error(`the journal took a write for session ${id}, which it has not`);
      return session;
    };
    return {
      open: () => journal.open(),
      pending: (id) => journal.pending(id),
      lastTriggeredAt: () => journal.lastTriggeredAt(),
      creating: async (...args) => {
        const id = await journal.creating(...args);
        this.#sessions.set(id, { sessionId: undefined, loads: new Map() });
        return id;
      },
      created: async (id, sessionId) => {
        await journal.created(id, sessionId);
        of(id).sessionId = sessionId;
      },
      loading: async (id, rows) => {
        const load = await journal.loading(id, rows);
        of(id).loads.set(load, rows);
        return load;
      },
      loaded: (id) => journal.loaded(id),
      refused: async (id, load) => {
        await journal.refused(id, load);
        of(id).loads.delete(load);
      },
      triggering: (id) => journal.triggering(id),
      triggered: (id, now) => journal.triggered(id, now),
      cancelling: (id) => journal.cancelling(id),
      settle: async (id, outcome) => {
        this.#judge(of(id), outcome);
        await journal.settle(id, outcome);
        this.#sessions.delete(id);
      },
    };
  }

  #judge({ sessionId, loads }: ModelSession, outcome: SessionOutcome): void {
    const session = this.#org.sessions(SOURCE).find(({ id }) => id === sessionId);
    const status = session?.status;
    const rows = rowsOf(loads);
    if (outcome === 'dropped' && (status === 'TRIGGERED' || status === 'COMPLETED' || status === 'ERROR'))
      this.faults.push(`session ${sessionId} was dropped although it is ${status}`);
    if (status === 'CREATED' || status === 'IN_PROGRESS')
      this.faults.push(`session ${sessionId} was ${outcome} although it is still ${status}`);
    if (outcome !== 'completed' || status === 'COMPLETED') return;
    const { users, groups, memberships } = this.#org.directory(SOURCE);
    // Deletions that matched nothing are the one thing that is done without an import.
    const held = rows.filter(({ entity, kind, key }) => {
      if (kind === 'upsert') return true;
      if (entity === 'users') return users.get(key)?.status === 'ACTIVE';
      if (entity === 'groups') return groups.has(key);
      const { groupExternalId, memberExternalId } = splitMembershipKey(key);
      return memberships.has(JSON.stringify([groupExternalId, memberExternalId]));
    });
    if (held.length > 0)
      this.faults.push(`session ${sessionId} was committed although it is ${status}: ${held.length} rows`);
  }
}

function rowsOf(loads: ModelSession['loads']): PendingRow[] {
  return [...loads.values()].flat();
}
