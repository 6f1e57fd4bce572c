import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AbortedError, GuardError, OptionsError, OutputError } from '../../src/core/errors.js';
import { createRunReport, type ReportFiles } from '../../src/report/run-report.js';
import type { RunSummary } from '../../src/report/summary.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync } from '../../src/sync/sync.js';
import { clientOf, makeOrg } from '../support/world.js';
import { busyDay, connected, hospital, outcomeOf, reported, trippedPlan } from './support.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-report-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function summaryOf(files: ReportFiles): RunSummary {
  return JSON.parse(readFileSync(files.summary, 'utf8')) as RunSummary;
}

function rowsOf(path: string): Record<string, string>[] {
  return parse(readFileSync(path, 'utf8'), { columns: true });
}

function tally(values: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value ?? ''] = (counts[value ?? ''] ?? 0) + 1;
  return counts;
}

describe('the report of a sync', () => {
  it('counts, changes and rejects agree with one another and with what Okta confirmed', async () => {
    const files = await busyDay(join(directory, 'report'));
    const summary = summaryOf(files);
    const changes = rowsOf(files.changes);
    const rejects = rowsOf(files.rejects);
    expect(summary).toMatchObject({
      format: 'rollcall-report',
      version: 1,
      status: 'done',
      sent: { remaining: 0 },
      outcomes: { refused: 1, unknown: 0 },
      rejected: { rollcall: 6, okta: 1, listed: 7, otherReasons: 0 },
    });
    expect(summary.error).toBeUndefined();
    // Every change of the plan has one row, and its outcome.
    const { users, groups, memberships } = summary.plan?.entities as NonNullable<
      RunSummary['plan']
    >['entities'];
    const planned = [users, groups, memberships].flatMap(({ creates, updates, deletes }) => [
      creates,
      updates,
      deletes,
    ]);
    expect(changes).toHaveLength(planned.reduce((a, b) => a + b, 0));
    expect(tally(changes.map((row) => `${row['entity']} ${row['kind']} ${row['outcome']}`))).toEqual({
      'users create confirmed': users.creates,
      'users update confirmed': users.updates - 1,
      'users update refused': 1,
      'users delete confirmed': users.deletes,
      'groups update confirmed': groups.updates,
      'memberships create confirmed': memberships.creates,
      'memberships delete confirmed': memberships.deletes,
    });
    expect(summary.sent.confirmed.users).toEqual({ ...users, updates: users.updates - 1 });
    expect(rejects).toHaveLength(7);
    expect(tally(rejects.map((row) => `${row['rejectedBy']} ${row['code']}`))).toEqual(
      Object.fromEntries(
        summary.rejected.reasons.map(({ rejectedBy, code, count }) => [`${rejectedBy} ${code}`, count]),
      ),
    );
    expect(changes.find((row) => row['outcome'] === 'refused')).toMatchObject({
      externalId: 'emp-100100',
      errorCode: 'E0000001',
    });
    const reason = 'Okta refused the record: Api validation failed; lastName: not an allowed value';
    expect(rejects.find((row) => row['rejectedBy'] === 'okta')).toMatchObject({ reason });
    const page = readFileSync(files.page, 'utf8');
    expect(page).toContain(reason);
    const { entities } = summary.rejected;
    const byEntity = tally(rejects.map((row) => row['entity']));
    expect(entities).toEqual({ users: 0, groups: 0, memberships: 0, ...byEntity });
    expect(page).toMatch(/<h1>Okta confirmed .*; rejected or refused: 7 users<\/h1>/);
  });

  it('names of changed attributes are in changes.csv, and counted in the summary', async () => {
    const files = await busyDay(directory);
    const summary = summaryOf(files);
    const before = new Map(hospital(2400, 0).users.map((user) => [user.externalId, user.profile]));
    const after = new Map(hospital(2400, 1).users.map((user) => [user.externalId, user.profile]));
    const updates = rowsOf(files.changes).filter(
      (row) => row['entity'] === 'users' && row['kind'] === 'update',
    );
    expect(updates.length).toBeGreaterThan(100);
    for (const { externalId = '', changedAttributes = '' } of updates) {
      const [old = {}, now = {}] = [before.get(externalId), after.get(externalId)];
      const differing = Object.keys(now).filter((name) => now[name] !== old[name]);
      expect(changedAttributes.split(';').sort()).toEqual(differing.sort());
    }
    const confirmed = updates.filter((row) => row['outcome'] === 'confirmed');
    const counts = tally(confirmed.flatMap((row) => (row['changedAttributes'] ?? '').split(';')));
    const listed = summary.attributes.top.filter(({ entity }) => entity === 'users');
    expect(Object.fromEntries(listed.map(({ attribute, updates: n }) => [attribute, n]))).toEqual(counts);
    expect(listed.map(({ updates: n }) => n)).toEqual(
      listed.map(({ updates: n }) => n).sort((a, b) => b - a),
    );
    expect(summary.attributes).toMatchObject({ others: 0, unnamedUpdates: 0 });
  });

  it('the timeline holds every session and wait, in order and within the run', async () => {
    const summary = summaryOf(await busyDay(directory));
    const { sessions, waits, sent } = summary;
    expect(sessions).toHaveLength(sent.sessions);
    expect(sessions.map(({ number }) => number)).toEqual(sessions.map((_, i) => i + 1));
    expect(sessions[0]).toMatchObject({
      outcome: 'cancelled',
      changes: 0,
      replayed: 'ERR_ROLLCALL_OKTA_NETWORK',
    });
    expect(sessions.filter(({ outcome }) => outcome === 'completed').length).toBeGreaterThan(2);
    const confirmed = Object.values(sent.confirmed).flatMap(({ creates, updates, deletes }) => [
      creates,
      updates,
      deletes,
    ]);
    expect(sessions.reduce((sum, { changes }) => sum + changes, 0)).toBe(
      confirmed.reduce((a, b) => a + b, 0),
    );
    for (const { createdAt, triggeredAt, endedAt, outcome } of sessions) {
      const times = [summary.plannedAt, createdAt, triggeredAt, endedAt, summary.endedAt].filter(
        (t) => t !== undefined,
      );
      expect(times).toEqual([...times].sort());
      if (outcome === 'completed')
        expect(Date.parse(endedAt as string) - Date.parse(triggeredAt as string)).toBeGreaterThanOrEqual(
          140_000,
        );
    }
    // The waits between two sessions begin with the trigger of the first; a try for the next one that Okta refuses ends a wait.
    const cooldowns = waits.each.filter(({ reason }) => reason === 'session-cooldown');
    expect(waits.totals.find(({ reason }) => reason === 'session-cooldown')).toMatchObject({
      count: cooldowns.length,
    });
    const between = sessions.flatMap(({ triggeredAt: from }, i) => {
      const to = sessions[i + 1]?.createdAt;
      return from === undefined || to === undefined ? [] : [{ from, to }];
    });
    expect(between.length).toBeGreaterThan(2);
    const waited = between.map(({ from, to }) =>
      cooldowns.filter((wait) => wait.from >= from && wait.to <= to),
    );
    expect(waited.flat()).toEqual(cooldowns);
    expect(waited.map(([first]) => first?.from)).toEqual(between.map(({ from }) => from));
    expect(waited.some((waits) => waits.length > 1)).toBe(true);
    // They end early: the import is over after 140 seconds, and a session is created at once.
    for (const { from, to } of between) expect(Date.parse(to) - Date.parse(from)).toBeLessThan(300_000);
    const limited = waits.totals.find(({ reason }) => reason === 'rate-limit');
    expect(limited?.ms).toBeGreaterThan(0);
    for (const wait of waits.each)
      expect([summary.startedAt, wait.from, wait.to, summary.endedAt].sort()).toEqual([
        summary.startedAt,
        wait.from,
        wait.to,
        summary.endedAt,
      ]);
  });

  it('no profile value is in any file', async () => {
    const files = await busyDay(directory);
    const values = new Set(
      [...hospital(2400, 0).users, ...hospital(2400, 1).users, ...hospital(2400, 1).groups].flatMap(
        ({ profile }) =>
          Object.values(profile).filter(
            (value): value is string => value !== null && !value.startsWith('emp-'),
          ),
      ),
    );
    expect(values.size).toBeGreaterThan(1000);
    for (const path of Object.values(files) as string[]) {
      const text = readFileSync(path, 'utf8');
      for (const value of values) expect(text.includes(value), `${path}: ${value}`).toBe(false);
    }
  });

  it('files have mode 0600 and the directory 0700, and nothing else is left', async () => {
    const made = join(directory, 'a', 'report');
    const files = await busyDay(made);
    expect(readdirSync(made).sort()).toEqual([
      'changes.csv',
      'planned.csv',
      'rejects.csv',
      'report.html',
      'summary.json',
    ]);
    for (const path of Object.values(files) as string[]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  it('a day without changes is a report too', async () => {
    const files = await reported(directory, async (world) => {
      const { clock } = world;
      const okta = clientOf(makeOrg({ clock }));
      const state = memoryState();
      await sync({ okta, state, ...hospital(40, 0), clock });
      return sync({ okta, state, ...hospital(40, 0), clock, ...connected(world.report) });
    });
    expect(summaryOf(files)).toMatchObject({
      status: 'done',
      sent: { sessions: 0, remaining: 0 },
      sessions: [],
    });
    expect(rowsOf(files.changes)).toEqual([]);
    expect(readFileSync(files.changes, 'utf8')).toMatch(/^entity,kind,externalId,/);
    expect(readFileSync(files.page, 'utf8')).toContain('Okta is in sync; there were no changes');
  });
});

describe('the report of a run that did not come to its end', () => {
  it('a guard that stops it is told with its limits and the hash to approve', async () => {
    const files = await reported(directory, async (world) => {
      const { clock } = world;
      const okta = clientOf(makeOrg({ clock }));
      const state = memoryState();
      const { users } = hospital(300, 0);
      await sync({ okta, state, users, clock });
      const result = await outcomeOf(
        sync({ okta, state, users: users.slice(150), clock, ...connected(world.report) }),
      );
      expect(result).toBeInstanceOf(GuardError);
      return result;
    });
    const summary = summaryOf(files);
    expect(summary).toMatchObject({
      status: 'stopped',
      error: { name: 'GuardError', code: 'ERR_ROLLCALL_GUARD' },
      plan: {
        entities: { users: { deletes: 150 } },
        trips: [{ entity: 'users', rule: 'deletePercent', actual: 50 }],
      },
      sent: { sessions: 0, remaining: 150 },
    });
    const page = readFileSync(files.page, 'utf8');
    expect(page).toContain('50 % of the 300 users would be deleted; the limit is 20 %');
    expect(page).toContain(summary.plan?.hash);
  });

  it('sessions that Okta could not finish are told, with what was confirmed before', async () => {
    let imports = 0;
    const files = await reported(directory, async (world) => {
      const { clock } = world;
      const org = makeOrg({
        clock,
        fault: ({ path }) =>
          path.endsWith('/start-import') && ++imports > 1 ? { kind: 'sessionError', applied: 0 } : undefined,
      });
      const { users } = hospital(900, 0);
      return outcomeOf(
        sync({
          okta: clientOf(org),
          state: memoryState(),
          users,
          clock,
          requestsPerSession: 2,
          ...connected(world.report),
        }),
      );
    });
    const summary = summaryOf(files);
    expect(summary).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_ROLLCALL_SESSION' },
      outcomes: { confirmed: 400, refused: 0 },
      sent: { confirmed: { users: { creates: 400 } }, remaining: 500 },
    });
    const failed = summary.sessions.filter(({ outcome }) => outcome === 'failed');
    expect(failed.length).toBeGreaterThan(1);
    for (const session of failed) expect(session).toMatchObject({ status: 'ERROR', changes: 0 });
    const rows = rowsOf(files.changes);
    expect(rows.filter(({ outcome }) => outcome === 'unknown')).toHaveLength(summary.outcomes.unknown);
    expect(summary.outcomes.unknown).toBeGreaterThanOrEqual(400);
    expect(readFileSync(files.page, 'utf8')).toContain(
      'The run failed, with 400 users confirmed of 900 users',
    );
  });

  it('a run that is aborted leaves a report of what was done', async () => {
    const files = await reported(directory, async (world) => {
      const { clock, report } = world;
      const stop = new AbortController();
      const { onEvent, onOutcome } = connected(report);
      const result = await outcomeOf(
        sync({
          okta: clientOf(makeOrg({ clock, importMs: 60_000 })),
          state: memoryState(),
          users: hospital(900, 0).users,
          clock,
          requestsPerSession: 2,
          signal: stop.signal,
          onEvent: (event) => {
            onEvent?.(event);
            if (event.type === 'wait:start' && event.reason === 'session-cooldown') stop.abort();
          },
          onOutcome,
        }),
      );
      expect(result).toBeInstanceOf(AbortedError);
      return result;
    });
    const summary = summaryOf(files);
    expect(summary).toMatchObject({
      status: 'aborted',
      sessions: [{ outcome: 'open' }],
      sent: { remaining: 900 },
    });
    expect(readFileSync(files.page, 'utf8')).toContain('left to the next run');
  });

  it('a source that fails with an error of its own is named, and its message is left out', async () => {
    const files = await reported(directory, async (world) => {
      const { clock } = world;
      async function* users() {
        yield* hospital(30, 0).users;
        yield { externalId: '', profile: { userName: 'x' } };
        throw Object.assign(new TypeError('value "canary-4711" is out of range'), { code: '22003' });
      }
      const okta = clientOf(makeOrg({ clock }));
      return outcomeOf(
        sync({ okta, state: memoryState(), users: users(), clock, ...connected(world.report) }),
      );
    });
    const summary = summaryOf(files);
    expect(summary).toMatchObject({
      status: 'failed',
      error: { name: 'TypeError', code: '22003' },
      sources: { users: { rejected: 1 } },
      rejected: { rollcall: 1, listed: 1 },
    });
    expect(summary.plan).toBeUndefined();
    for (const path of Object.values(files) as string[])
      expect(readFileSync(path, 'utf8')).not.toContain('canary-4711');
    expect(readFileSync(files.page, 'utf8')).toContain('The run ended before its plan was complete.');
  });
});

describe('the report of a plan', () => {
  it('shows the counts, why the guard would stop it, and the hash to approve', async () => {
    const files = await trippedPlan(directory);
    const summary = summaryOf(files);
    expect(summary).toMatchObject({
      status: 'planned',
      plan: {
        entities: { users: { deletes: 200 }, groups: { deletes: 1 } },
        trips: [{ rule: 'deletePercent' }],
      },
      sources: { users: { read: 200, unchanged: 200 } },
      sent: { sessions: 0, requests: 0 },
    });
    expect(rowsOf(files.changes)).toEqual([]);
    const page = readFileSync(files.page, 'utf8');
    expect(page).toContain('The guard would stop this plan');
    expect(page).toContain(summary.plan?.hash);
  });

  it('rejections of a plan come through onReject, or from the plan as far as it keeps them', async () => {
    const users = Array.from({ length: 1200 }, (_, i) => ({
      externalId: `u${i}`,
      profile: { userName: 'x', email: 'none' },
    }));
    const listed = async (told: boolean, name: string) => {
      const report = createRunReport({ directory: join(directory, name) });
      const result = await plan({
        state: memoryState(),
        users,
        ...(told && { onReject: (rejection) => report.observe({ type: 'record:rejected', rejection }) }),
      });
      const files = await report.finish(result);
      expect(rowsOf(files.rejects)).toHaveLength(summaryOf(files).rejected.listed);
      return summaryOf(files).rejected;
    };
    expect(await listed(true, 'told')).toMatchObject({ rollcall: 1200, listed: 1200 });
    expect(await listed(false, 'untold')).toMatchObject({
      rollcall: 1200,
      listed: 1000,
      entities: { users: 1200, groups: 0, memberships: 0 },
    });
  });
});

describe('what cannot be reported', () => {
  it('options of no use are refused', () => {
    expect(() => createRunReport({ directory: '' })).toThrow(OptionsError);
    expect(() => createRunReport({ directory, values: true as false })).toThrow(
      /values: expected false: reports never contain profile values/,
    );
    expect(() => createRunReport({ directory, dir: 'x' } as never)).toThrow(OptionsError);
  });

  it('a directory that cannot be made is told before the run', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => createRunReport({ directory: join(directory, 'file', 'report') })).toThrow(OutputError);
  });

  it('rows are on the disk as they come, whatever is still to come', () => {
    const report = createRunReport({ directory });
    const row = {
      entity: 'users',
      kind: 'upsert',
      created: true,
      sessionId: 's',
      outcome: 'confirmed',
    } as const;
    for (let session = 0; session < 5; session++)
      report.outcomes(
        Array.from({ length: 1100 }, (_, i) => ({ ...row, externalId: `u${session * 1100 + i}` })),
      );
    const parts = readdirSync(directory);
    expect(parts).toEqual([expect.stringMatching(/^changes\.csv\.\w{8}\.part$/)]);
    const written = readFileSync(join(directory, parts[0] as string), 'utf8').split('\n').length;
    expect(written).toBeGreaterThan(4500);
  });

  it('a file that cannot be written ends in an error, and the report of before stays whole', async () => {
    const before = await busyDay(directory);
    const texts = (Object.values(before) as string[]).map((path) => readFileSync(path, 'utf8'));
    const report = createRunReport({ directory });
    // More rows than are gathered, into a directory that is gone: the run must not notice, the report must.
    const moved = `${directory}-moved`;
    mkdirSync(moved);
    rmSync(moved, { recursive: true });
    renameSync(directory, moved);
    try {
      const row = {
        entity: 'users',
        kind: 'upsert',
        created: true,
        sessionId: 's',
        outcome: 'confirmed',
      } as const;
      report.outcomes(Array.from({ length: 2500 }, (_, i) => ({ ...row, externalId: `u${i}` })));
      await expect(report.finish(new AbortedError())).rejects.toThrow(OutputError);
    } finally {
      renameSync(moved, directory);
    }
    expect((Object.values(before) as string[]).map((path) => readFileSync(path, 'utf8'))).toEqual(texts);
    expect(readdirSync(directory)).toHaveLength(5);
  });

  it('rows that could not be written are an error, and no file appears', async () => {
    const target = join(directory, 'report');
    const report = createRunReport({ directory: target });
    rmSync(target, { recursive: true });
    const row = {
      entity: 'users',
      kind: 'upsert',
      created: true,
      sessionId: 's',
      outcome: 'confirmed',
    } as const;
    report.outcomes(Array.from({ length: 1500 }, (_, i) => ({ ...row, externalId: `u${i}` })));
    // The directory is back, and the summary could be written; the rows are lost all the same.
    mkdirSync(target);
    await expect(report.finish(new AbortedError())).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OUTPUT',
      file: join(target, 'changes.csv'),
    });
    expect(readdirSync(target)).toEqual([]);
  });

  it('a report is finished once', async () => {
    const report = createRunReport({ directory });
    await report.finish(new AbortedError());
    await expect(report.finish(new AbortedError())).rejects.toThrow(OutputError);
    expect(existsSync(join(directory, 'report.html'))).toBe(true);
  });

  it('what comes after the end changes nothing', async () => {
    const report = createRunReport({ directory });
    const files = await report.finish(new AbortedError());
    const row = {
      entity: 'users',
      kind: 'upsert',
      created: true,
      sessionId: 's',
      outcome: 'confirmed',
    } as const;
    report.outcomes(Array.from({ length: 1500 }, (_, i) => ({ ...row, externalId: `u${i}` })));
    report.observe({ type: 'session:created', sessionId: 's', number: 1, requests: 1 });
    expect(readdirSync(directory)).toHaveLength(4);
    expect(rowsOf(files.changes)).toEqual([]);
  });
});
