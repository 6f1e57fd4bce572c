import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import type { ProgressEvent } from '../../src/cli/display/display.js';
import { eventText } from '../../src/cli/display/event-text.js';
import { ProgressModel } from '../../src/cli/display/progress-model.js';
import { createDisplay } from '../../src/cli/display/create-display.js';
import type { CliContext } from '../../src/cli/process/io.js';
import { TerminalDisplay } from '../../src/cli/display/terminal-display.js';
import { tripText } from '../../src/cli/text/guard-text.js';
import { columns, formatBytes, printable } from '../../src/cli/text/words.js';
import type { PlanSummary } from '../../src/core/results.js';
import { Captured, cli, directory, envOf, files, org, QUICK, Signals, usersCsv } from './support.js';

const NOW = Date.UTC(2026, 0, 1);
const none = { creates: 0, updates: 0, deletes: 0 };
const plan: PlanSummary = {
  hash: 'a'.repeat(64),
  entities: { users: { creates: 12_000, updates: 300, deletes: 0 }, groups: none, memberships: none },
  population: { users: 400, groups: 0, memberships: 0 },
  requests: 62,
  sessions: 2,
  leastMs: 60_000,
  mostMs: 300_000,
  changedAttributes: [],
  heldBackDeletes: { users: 0, groups: 0, memberships: 0 },
  uncleared: [],
  idChanges: { count: 0, examples: [] },
  resends: { users: 0, groups: 0, memberships: 0 },
  groupLosses: { count: 0, examples: [] },
};
const NO_CHANGES = { users: none, groups: none, memberships: none };
const USERS = 'users 0/12300: 0 of 12,300 confirmed';
const END = 'end expected: between 2026-01-01 00:01 and 00:05 UTC';
const at = (ms: number) => new Date(NOW + ms);
const ready: ProgressEvent = {
  type: 'plan:ready',
  plan,
  sources: {},
  earliestEnd: at(60_000),
  estimatedEnd: at(300_000),
};
const created = (number: number, requests = 50): ProgressEvent => ({
  type: 'session:created',
  sessionId: `s${number}`,
  number,
  requests,
});
const committed = (number: number, changes: number, remaining: number, end = 0): ProgressEvent => ({
  type: 'state:committed',
  sessionId: `s${number}`,
  changes,
  changesByEntity: { users: changes, groups: 0, memberships: 0 },
  remaining,
  remainingByEntity: { users: remaining, groups: 0, memberships: 0 },
  earliestEnd: at(end),
  estimatedEnd: at(4 * end),
});
const sent = (number: number, requests: number): ProgressEvent => ({
  type: 'batch:sent',
  sessionId: `s${number}`,
  entity: 'users',
  kind: 'upsert',
  items: 200,
  bytes: 50_000,
  requests,
});
const wait = (
  reason: 'session-cooldown' | 'rate-limit' | 'import' | 'read-only' | 'back-off',
  ms: number,
): ProgressEvent => ({
  type: 'wait:start',
  reason,
  until: at(ms),
  sessionId: undefined,
});

describe('the progress of a run', () => {
  /** What the rows say after some events, each a second after the one before. */
  function rowsAfter(...events: readonly ProgressEvent[]): string[] {
    const model = new ProgressModel();
    for (const [i, event] of events.entries()) model.apply(event, NOW + i * 1000);
    return model.rows(NOW + events.length * 1000).map(({ label, bar, text }) => {
      const share = bar === undefined ? '' : ` ${bar.value}/${bar.total}`;
      return `${label}${share}: ${text}`;
    });
  }
  const reading: ProgressEvent = { type: 'source:progress', entity: 'users', read: 120_000 };
  const read: ProgressEvent = { type: 'source:end', entity: 'users', read: 123_456, rejected: 2 };

  it('shows the reading, then the planning, then what is confirmed', () => {
    expect(rowsAfter()).toEqual(['starting: ']);
    expect(rowsAfter(reading)).toEqual(['reading: 120,000 users']);
    expect(rowsAfter(reading, read)).toEqual(['planning: ']);
    expect(rowsAfter(reading, read, ready)).toEqual([USERS, END]);
    const nothing: ProgressEvent = { ...ready, plan: { ...plan, entities: NO_CHANGES, sessions: 0 } };
    expect(rowsAfter(nothing)).toEqual(['nothing to send: ']);
  });

  it('counts by entity, and never adds entities up', () => {
    const model = new ProgressModel();
    const entities = { ...plan.entities, memberships: { creates: 3000, updates: 0, deletes: 20 } };
    model.apply({ ...ready, plan: { ...plan, entities } }, NOW);
    const texts = () => model.rows(NOW).map(({ label, text }) => `${label} ${text}`);
    expect(texts().slice(0, 2)).toEqual(['users 0 of 12,300 confirmed', 'memberships 0 of 3,020 confirmed']);
    model.apply(created(1), NOW);
    const [row] = model.apply(
      {
        ...(committed(1, 10_020, 5300) as Extract<ProgressEvent, { type: 'state:committed' }>),
        changesByEntity: { users: 10_000, groups: 0, memberships: 20 },
        remainingByEntity: { users: 2300, groups: 0, memberships: 3000 },
      },
      NOW,
    );
    expect(row).toMatchObject({ text: '0 requests: 10,000 users and 20 memberships confirmed' });
    expect(texts().slice(0, 2)).toEqual([
      'users 10,000 of 12,300 confirmed',
      'memberships 20 of 3,020 confirmed',
    ]);
  });

  it('shows one bar a session, with the requests of that session', () => {
    expect(rowsAfter(ready, created(1), sent(1, 31))).toEqual([
      USERS,
      'session 1 31/50: 31 of 50 requests',
      END,
    ]);
    const triggered: ProgressEvent = { type: 'session:triggered', sessionId: 's1' };
    expect(rowsAfter(ready, created(1), sent(1, 50), triggered, created(2, 12), sent(2, 3))).toEqual([
      USERS,
      'session 1 50/50: 50 requests, importing for 0:03',
      'session 2 3/12: 3 of 12 requests',
      END,
    ]);
    // A refused request is split.
    expect(rowsAfter(ready, created(1, 1), sent(1, 3))[1]).toBe('session 1 3/3: 3 of 3 requests');
  });

  it('leaves the bar of a session behind when the session has ended', () => {
    const model = new ProgressModel();
    for (const event of [ready, created(1), sent(1, 50), created(2, 12), sent(2, 1)]) model.apply(event, NOW);
    expect(model.apply(committed(1, 10_000, 2300), NOW)).toEqual([
      { label: 'session 1', bar: { value: 1, total: 1 }, text: '50 requests: 10,000 users confirmed' },
    ]);
    const cancelled: ProgressEvent = { type: 'session:cancelled', sessionId: 's2' };
    expect(model.apply(cancelled, NOW)).toEqual([
      { label: 'session 2', bar: { value: 1, total: 12 }, text: '1 request, not confirmed' },
      'session s2 cancelled',
    ]);
    expect(model.openSessions(NOW)).toEqual([]);
  });

  it('shows no end that is known to be wrong', () => {
    const ends = (now: number, ...events: readonly ProgressEvent[]) => {
      const model = new ProgressModel();
      for (const event of events) model.apply(event, NOW);
      return model.rows(now).flatMap(({ label, text }) => (label === 'end expected' ? [text] : []));
    };
    expect(ends(NOW, ready)).toEqual(['between 2026-01-01 00:01 and 00:05 UTC']);
    expect(ends(NOW + 61_000, ready)).toEqual(['before 2026-01-01 00:05 UTC']);
    expect(ends(NOW + 300_000, ready)).toEqual([]);
    // A single session has no waits, of which the end is made.
    expect(ends(NOW, { ...ready, plan: { ...plan, sessions: 1 } })).toEqual([]);
    expect(ends(NOW, ready, created(1), committed(1, 1, 5, 86_400_000))).toEqual([
      'between 2026-01-02 00:00 and 2026-01-05 00:00 UTC',
    ]);
    expect(ends(NOW, ready, created(1), committed(1, 1, 5, 10_000))).toEqual(['about 2026-01-01 00:01 UTC']);
    expect(ends(NOW, ready, created(1), committed(1, 12_300, 0, 60_000))).toEqual([]);
  });

  it('counts a wait down, with its reason, until it is over', () => {
    expect(rowsAfter(ready, wait('session-cooldown', 250_000))[1]).toBe(
      'waiting: 4:08  Okta requires a pause between sessions',
    );
    expect(rowsAfter(ready, wait('rate-limit', 20_000))[1]).toBe(
      "waiting: 0:18  Okta's rate limit is reached",
    );
    expect(rowsAfter(ready, wait('back-off', 2500))[1]).toBe(
      'waiting: 0:01  a request to Okta failed and is retried',
    );
    expect(rowsAfter(ready, wait('read-only', 30_000))[1]).toBe(
      'waiting: 0:28  Okta is in read-only mode, and the request is retried',
    );
    expect(rowsAfter(ready, wait('read-only', 30_000), sent(1, 1))).toEqual([USERS, END]);
    expect(rowsAfter(ready, wait('back-off', 500))).toEqual([USERS, END]);
    expect(rowsAfter(ready, wait('session-cooldown', 250_000), created(1))[1]).toMatch(/^session 1/);
    expect(rowsAfter(ready, wait('session-cooldown', 250_000), sent(1, 1))[1]).toMatch(/^waiting/);
    expect(rowsAfter(ready, wait('rate-limit', 250_000), sent(1, 1))).toEqual([USERS, END]);
    // The row of its session shows an import; when it is given up is no countdown to it.
    expect(rowsAfter(ready, wait('import', 3_600_000))).toEqual([USERS, END]);
  });

  it('gives up a session that is replayed', () => {
    const replayed: ProgressEvent = { type: 'session:replayed', sessionId: 's1', reason: 'lost', attempt: 1 };
    expect(rowsAfter(ready, created(1), replayed, created(2, 25))).toEqual([
      USERS,
      'session 2 0/25: 0 of 25 requests',
      END,
    ]);
  });

  it('leaves a line behind for what is done', () => {
    const model = new ProgressModel();
    expect(model.apply(read, NOW)).toEqual(['read 123,456 users, 2 rejected']);
    expect(model.apply(created(1), NOW)).toEqual([]);
    expect(model.apply({ type: 'run:done', sent: 1, remaining: 0 }, NOW)).toEqual([]);
    expect(model.rows(NOW)[0]).toEqual({ label: 'done', text: '', bar: undefined });
  });
});

describe('lines of a log', () => {
  it.each<[ProgressEvent, string | undefined]>([
    [{ type: 'source:progress', entity: 'users', read: 10_000 }, 'reading users: 10,000 so far'],
    [
      { type: 'journal:settled', sessionId: undefined, outcome: 'dropped' },
      'session (without an id) of an earlier run settled: dropped',
    ],
    [
      { type: 'session:replayed', sessionId: 's', reason: 'lost', attempt: 2 },
      'sending the changes of session s again: lost',
    ],
    [{ type: 'session:cancelled', sessionId: 's' }, 'session s cancelled'],
    [{ type: 'session:failed', sessionId: 's', status: 'ERROR' }, 'session s ended as ERROR'],
    [
      { type: 'session:status', sessionId: 's', status: 'PAUSED' },
      'session s is PAUSED, a status that this version does not know; waiting for its end',
    ],
    [
      {
        type: 'batch:refused',
        sessionId: 's',
        entity: 'users',
        kind: 'upsert',
        items: 1,
        rejection: {
          entity: 'users',
          externalId: 'u1',
          file: undefined,
          line: undefined,
          position: 0,
          field: undefined,
          code: 'E0000001',
          reason: 'Okta refused the record: title: … is too long',
        },
      },
      'refused by Okta: users u1: Okta refused the record: title: … is too long [E0000001]',
    ],
    [
      wait('session-cooldown', 250_000),
      'waiting 4 min 10 s, until 2026-01-01 00:04:10 UTC: Okta requires a pause between sessions',
    ],
    [
      wait('session-cooldown', 10),
      'waiting 10 ms, until 2026-01-01 00:00:00 UTC: Okta requires a pause between sessions',
    ],
    [wait('back-off', 10), undefined],
    [wait('import', 3_600_000), undefined],
    [sent(1, 1), undefined],
    [committed(1, 1, 0), 'session s1: import completed, 1 user confirmed'],
    [
      committed(1, 1, 2, 60_000),
      'session s1: import completed, 1 user confirmed; left: 2 users; the end is expected between 2026-01-01 00:01:00 UTC and 2026-01-01 00:04:00 UTC',
    ],
  ])('%o', (event, text) => expect(eventText(event, NOW)).toBe(text));
});

describe('a terminal', () => {
  it('shows bars that go when the outcome comes, and puts its cursor back', () => {
    const [out, err] = [new Captured(true), new Captured(true)];
    const clock: Clock = { now: () => NOW, sleep: () => Promise.resolve() };
    const display = new TerminalDisplay(out, err, clock);
    for (const event of [ready, created(1), sent(1, 25), wait('session-cooldown', 250_000)])
      display.progress(event);
    expect(err.text).toContain('session 1    ████████████░░░░░░░░░░░░  25 of 50 requests');
    expect(err.text).toContain('waiting      4:10  Okta requires a pause between sessions');
    expect(err.text).toContain('plan: users +12000');
    display.outcome({ type: 'init:written', files: [] }, 'the outcome');
    display.progress(created(2));
    display.end();
    expect(out.text).toBe('the outcome\n');
    expect(err.text).not.toContain('session 2');
    const last = (sequence: string) => err.text.lastIndexOf(`\u001b[${sequence}`);
    expect(last('?25h')).toBeGreaterThan(last('?25l'));
    expect(last('?7h')).toBeGreaterThan(last('?7l'));
  });

  it('shows a whole run', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const argv = ['sync', '--users', 'u.csv', ...QUICK];
    const ran = await cli(cwd, argv, { env: envOf(okta), tty: true });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^Done in /);
    expect(ran.err).toContain('\u001b[?25l');
    expect(ran.err).toContain('read 3 users\n');
    expect(ran.err).toMatch(/session 1 {4}█+ {2}1 request: 3 users confirmed\n/);
    expect(ran.err).toContain('\u001b[?25h');
  });

  it.each([60, 80, 100, 120])(
    'of %i columns shows no line that is longer, and ASCII bars without UTF-8',
    (columns) => {
      const [out, err] = [1, 2].map(() => Object.assign(new Captured(true), { columns })) as [
        Captured,
        Captured,
      ];
      const display = createDisplay({}, {
        io: { stdin: process.stdin, stdout: out, stderr: err },
        env: { LANG: 'de_DE.ISO-8859-1' },
        clock: { now: () => NOW, sleep: () => Promise.resolve() },
      } as unknown as CliContext);
      const triggered: ProgressEvent = { type: 'session:triggered', sessionId: 's1' };
      for (const event of [ready, created(1), sent(1, 25), triggered, wait('read-only', 250_000)])
        display.progress(event);
      display.outcome({ type: 'init:written', files: [] }, `${'word '.repeat(60)}\n${'x'.repeat(200)}`);
      display.end();
      const shown = `${out.text}\n${err.text}`.split(/\u001b\[[?\d;]*[A-Za-z]|\r?\n/);
      expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(err.text).toContain('####');
      expect(err.text).not.toContain('█');
    },
  );

  it('gets its cursor back when a second signal ends the run at once', async () => {
    const [cwd, okta, signals] = [await directory(), await org(), new Signals()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    let written = '';
    let atEnd = '';
    const endNow = () => void (atEnd ||= written);
    await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], {
      env: envOf(okta),
      tty: true,
      deps: { onSignal: signals.onSignal, endNow },
      onErr: (text) => {
        const before = written;
        written += text;
        if (before.includes('session 1') || !written.includes('session 1')) return;
        signals.send('SIGINT');
        signals.send('SIGINT');
      },
    });
    expect(atEnd.lastIndexOf('\u001b[?25h')).toBeGreaterThan(atEnd.lastIndexOf('\u001b[?25l'));
    expect(atEnd).toContain('\u001b[?25l');
  });

  it.each([{ CI: 'true' }, { TERM: 'dumb' }])('has no bars with %o', async (more) => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const env = { ...envOf(okta), ...more };
    const ran = await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env, tty: true });
    expect(ran.code).toBe(0);
    expect(ran.err).not.toContain('\u001b');
  });
});

describe('words', () => {
  it('name every limit of the guard by its flag', () => {
    const trip = { entity: 'users', actual: 30.04, limit: 20, population: 1000 } as const;
    expect(tripText({ ...trip, rule: 'updatePercent' })).toBe(
      '30 % of the 1,000 users would be updated; the limit is 20 % (--max-update-percent)',
    );
    expect(tripText({ ...trip, rule: 'emptiedPercent', attribute: 'department' })).toBe(
      '30 % of the 1,000 users would lose their department; the limit is 20 %; has the source still its values? (--max-emptied-percent)',
    );
    expect(tripText({ ...trip, rule: 'updates' })).toContain('(--max-updates)');
    expect(tripText({ ...trip, rule: 'emptySource' })).toBe(
      'the source of users has no records, but there are 1,000 in Okta (--allow-empty)',
    );
    expect(tripText({ ...trip, rule: 'rejects' })).toContain('(--max-reject-percent)');
    expect(tripText({ ...trip, rule: 'idChanges', actual: 60, limit: 3 })).toBe(
      '60 people come back under another externalId (the limit is 3): did the ids lose their zeros? (--max-id-changes)',
    );
    expect(tripText({ ...trip, rule: 'groupLoss', population: 50 })).toBe(
      'a group would lose 30 % of its 50 members; the limit is 20 % (--max-group-loss-percent)',
    );
    expect(tripText({ ...trip, rule: 'weekDeletePercent' })).toBe(
      '30 % of the 1,000 users would be deleted within seven days, by this plan and earlier ones; the limit is 20 % (--max-week-delete-percent)',
    );
    expect(tripText({ ...trip, rule: 'missingFiles', actual: 2, limit: 0, population: 5 })).toBe(
      'the source of users has 3 files, and had 5 at the last complete run (2 fewer; the limit is 0) (--max-missing-files)',
    );
    const ofLookup = { ...trip, actual: 1, limit: 0, population: 2, lookup: 'depts' };
    expect(tripText({ ...ofLookup, rule: 'missingFiles' })).toBe(
      'the lookup "depts" has 1 file, and had 2 at the last complete run (1 fewer; the limit is 0) (--max-missing-files)',
    );
    const heldBack = {
      ...trip,
      rule: 'heldBack',
      actual: 8.04,
      limit: 7,
      since: '2026-11-20T09:00:00.000Z',
    } as const;
    expect(tripText(heldBack)).toBe(
      'deletions of users are held back since 2026-11-20, 8 days (the limit is 7), because a record of the source has no valid id and may be any of them, or the last record of them in a feed is rejected (--max-held-back-days)',
    );
    expect(tripText({ ...heldBack, entity: 'groups' })).toContain(
      'because memberships of theirs are held back, or',
    );
    expect(tripText({ ...trip, rule: 'creates' })).toContain('(--max-creates)');
  });

  it('keep columns straight, bytes short, and control characters out', () => {
    expect(
      columns([
        ['', 'a'],
        ['long', '1,000'],
      ]),
    ).toEqual(['          a', 'long  1,000']);
    expect([999, 1234, 12_345, 1_234_567, 5e12].map(formatBytes)).toEqual([
      '999 B',
      '1.2 kB',
      '12 kB',
      '1.2 MB',
      '5000 GB',
    ]);
    expect(printable('a\u001b[31m\n\u009b\u202eb')).toBe('a\\u001b[31m\\u000a\\u009b\\u202eb');
  });
});
