import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { logEvents } from '../../src/events/log-events.js';
import { metrics } from '../../src/events/metrics.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { ENTITIES, type UserRecord } from '../../src/core/model.js';
import type { SyncEvent } from '../../src/events/events.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, makeOrg } from '../support/world.js';

const refused = {
  externalId: 'canary-refused',
  profile: { userName: 'r', email: 'r@x.example', title: 'canary-title' },
};
const bad = { externalId: 'canary-id', profile: { userName: 'canary-name', email: 'canary-value' } };

/** A run with a rejected record, these records, and a session that fails once. */
async function run(onEvent: (event: SyncEvent) => void, more: readonly UserRecord[] = []) {
  return inVirtualTime(async (clock) => {
    const org = makeOrg({
      clock,
      refuseItem: ({ externalId }) => externalId === 'canary-refused' && "title: 'canary-title' is too long",
    });
    let failed = false;
    org.setFault(({ path }) => {
      if (failed || !path.endsWith('/start-import')) return undefined;
      failed = true;
      return { kind: 'sessionError', applied: 0.5 };
    });
    const day = company(40);
    const state = memoryState();
    return sync({ okta: clientOf(org), state, ...day, users: [...day.users, bad, ...more], clock, onEvent });
  });
}

describe('measurements', () => {
  it('add up to the report', async () => {
    const sums = new Map<string, number>();
    const durations: [string, number][] = [];
    const report = await run(
      metrics({
        add: (name, value, attributes) => {
          const id = [name, ...Object.values(attributes)].join(' ');
          sums.set(id, (sums.get(id) ?? 0) + value);
        },
        record: (name, milliseconds) => durations.push([name, milliseconds]),
      }),
    );
    expect(sums.get('rollcall.records.read users')).toBe(41);
    expect(sums.get('rollcall.records.rejected users NOT_AN_EMAIL')).toBe(1);
    expect(sums.get('rollcall.changes.planned users create')).toBe(report.plan.entities.users.creates);
    for (const entity of ENTITIES)
      expect(sums.get(`rollcall.changes.confirmed ${entity}`)).toBe(report.confirmed[entity].creates);
    const requests = [...sums].filter(([id]) => id.startsWith('rollcall.requests '));
    expect(requests.reduce((sum, [, value]) => sum + value, 0)).toBe(report.requests);
    expect(sums.get('rollcall.sessions failed')).toBe(1);
    expect(sums.get('rollcall.sessions.replayed')).toBe(1);
    expect(durations.filter(([name]) => name === 'rollcall.import.duration').length).toBe(report.sessions);
    for (const [, milliseconds] of durations) expect(milliseconds).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify([...sums, ...durations])).not.toContain('canary');
  });
});

describe('log lines', () => {
  const lines = async (options?: Parameters<typeof logEvents>[1]) => {
    const written: string[] = [];
    await run(logEvents(pino({}, { write: (line: string) => written.push(line) }), options), [refused]);
    return written;
  };

  it('are written by pino as it is, warnings for what needs attention, and hold no value and no id', async () => {
    const written = await lines();
    const parsed = written.map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(parsed.filter(({ level }) => level === 40).map(({ msg }) => msg)).toEqual([
      'a record was rejected',
      'Okta refused a record',
      'a session did not complete',
      'a session failed or was cancelled; its changes are sent again',
    ]);
    expect(parsed.at(-1)?.msg).toBe('run:done');
    expect(written.join('')).toContain("title: '…' is too long");
    expect(written.join('')).not.toContain('canary');
  });

  it('hold the ids of rejected and refused records when asked', async () => {
    const written = (await lines({ externalIds: true })).join('');
    for (const id of ['canary-id', 'canary-refused']) expect(written).toContain(id);
    for (const value of ['canary-name', 'canary-title']) expect(written).not.toContain(value);
  });
});
