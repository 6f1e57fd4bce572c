import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { withoutPlaces } from '../../src/flow/chunk.js';
import { flowOf } from '../../src/flow/flow.js';
import type { Batch, Change } from '../../src/core/model.js';
import type { OktaClient, SessionStatus } from '../../src/okta/wire.js';
import type { ChangeOutcome } from '../../src/core/results.js';
import { RunContext } from '../../src/flow/run-context.js';
import type { UploadOptions } from '../../src/upload/upload-options.js';
import { upload } from '../../src/upload/upload.js';
import { membershipChange, profileChange } from '../support/changes.js';
import { failure, FAILURES, NOON, scripted, session } from './scripted.js';

const user = (key: string, created = true) => profileChange('users', 'upsert', key, 'x', created);
const users = (...keys: string[]): Batch =>
  makeBatch(
    'users',
    'upsert',
    keys.map((key) => user(key)),
  );
const one = (change: Change): Batch => makeBatch(change.entity, change.kind, [change]);
const many = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

type Override = Partial<OktaClient> | ((calls: string[]) => Partial<OktaClient>);

/** Uploads to an Okta that numbers its sessions, takes everything and imports at once, but for what is overridden. */
function uploading(options: UploadOptions = {}, override: Override = {}) {
  const outcomes: ChangeOutcome[] = [];
  const world = scripted();
  const { calls, state, events, clock } = world;
  let made = 0;
  const took = (name: string) => async (id: string, body: unknown) => {
    const keys = (body as Batch).changes.map(({ key }) => key);
    calls.push(`${name} ${id} ${keys.join(',')}`);
  };
  const okta: OktaClient = {
    ...world.okta,
    listSessions: async () => [],
    createSession: async () => {
      calls.push(`create s${++made}`);
      return session(`s${made}`, 'CREATED');
    },
    startImport: async (id) => {
      calls.push(`start ${id}`);
      return session(id, 'TRIGGERED');
    },
    deleteSession: async (id) => void calls.push(`cancel ${id}`),
    getSession: async (id) => {
      if (calls.includes(`start ${id}`)) return session(id, 'COMPLETED');
      return session(id, calls.includes(`cancel ${id}`) ? 'CLOSED' : 'IN_PROGRESS');
    },
    upsertUsers: took('users'),
    upsertGroups: took('groups'),
    upsertMemberships: took('memberships'),
    deleteUsers: took('no users'),
    deleteGroups: took('no groups'),
    deleteMemberships: took('no memberships'),
    ...(typeof override === 'function' ? override(calls) : override),
  };
  const trace = { closed: false };
  const send = (
    batches: readonly Batch[],
    planned?: number,
    absences: RunContext['absences'] = new Map(),
  ) => {
    const context = new RunContext();
    if (planned !== undefined) context.plannedChanges = { users: planned, groups: 0, memberships: 0 };
    for (const [entity, missed] of absences) context.absences.set(entity, missed);
    async function* source() {
      try {
        for (const batch of batches) yield withoutPlaces([batch]);
      } finally {
        trace.closed = true;
      }
    }
    const sink = upload(okta, state, {
      clock,
      events: { emit: (event) => events.push(event) },
      onOutcome: (told) => outcomes.push(...told),
      // One load after another has one order only; `load-session.test.ts` is about several at once.
      loadsInFlight: 1,
      ...options,
    });
    return sink(flowOf(source, context));
  };
  const sent = () => calls.filter((call) => /^(no )?(users|groups|memberships) /.test(call));
  return { ...world, okta, send, sent, outcomes, trace };
}

/** Refuses every load that names one of these. */
const refusing =
  (...bad: string[]): Override =>
  (calls) => ({
    upsertUsers: async (id, body) => {
      const keys = (body as Batch).changes.map(({ key }) => key);
      if (keys.some((key) => bad.includes(key))) throw FAILURES.refused;
      calls.push(`users ${id} ${keys.join(',')}`);
    },
  });

describe('an upload', () => {
  it('tells what happens, in order', async () => {
    const { send, events } = uploading();
    await send([users('a', 'b'), one(membershipChange('upsert', 'g', 'u'))]);
    expect(events.map(({ type }) => type)).toEqual([
      'session:created',
      'batch:sent',
      'batch:sent',
      'session:triggered',
      'wait:start',
      'session:completed',
      'state:committed',
    ]);
    const { bytes } = users('a', 'b');
    expect(events[0]).toEqual({ type: 'session:created', sessionId: 's1', number: 1, requests: 2 });
    expect(events[1]).toEqual({
      type: 'batch:sent',
      sessionId: 's1',
      entity: 'users',
      kind: 'upsert',
      items: 2,
      bytes,
      requests: 1,
    });
    expect(events[2]).toMatchObject({ entity: 'memberships', requests: 2 });
    expect(events[5]).toEqual({ type: 'session:completed', sessionId: 's1', changes: 3 });
    expect(events[6]).toMatchObject({
      sessionId: 's1',
      changes: 3,
      changesByEntity: { users: 2, groups: 0, memberships: 1 },
      remaining: 0,
    });
  });

  it('counts what it sent, and tells what became of each change', async () => {
    const { send, outcomes } = uploading();
    const batches = [users('a', 'b'), one(membershipChange('delete', 'g', 'u'))];
    const report = await send(batches);
    expect(report).toMatchObject({ requests: 2, sessions: 1, remaining: 0, refused: [] });
    expect(report.bytes).toBe(batches.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(report.confirmed.users.creates).toBe(2);
    expect(report.confirmed.memberships.deletes).toBe(1);
    expect(outcomes.map(({ externalId, outcome, sessionId }) => [externalId, outcome, sessionId])).toEqual([
      ['a', 'confirmed', 's1'],
      ['b', 'confirmed', 's1'],
      ['g', 'confirmed', 's1'],
    ]);
  });

  it('of nothing opens no session', async () => {
    const { send, calls, trace } = uploading();
    expect(await send([])).toMatchObject({ requests: 0, sessions: 0 });
    expect(calls).toEqual([]);
    expect(trace.closed).toBe(true);
  });

  it('stamps the state with its first session, and sends nothing where it belongs to another', async () => {
    const mine = uploading();
    await mine.send([]);
    expect(await mine.state.target()).toBeUndefined();
    await mine.send([users('a')]);
    const { orgUrl, identitySourceId } = mine.okta;
    expect(await mine.state.target()).toEqual({ orgUrl, identitySourceId });
    const other = uploading();
    await other.state.bind({ orgUrl: 'https://other.example', identitySourceId: 'x' });
    expect(await failure(other.send([users('a')]))).toMatchObject({ code: 'ERR_ROLLCALL_STATE_TARGET' });
    expect(other.calls).toEqual([]);
  });

  it('keeps what was missing from its reads, and writes nothing where nothing was', async () => {
    const { send, state } = uploading();
    const written: string[] = [];
    const setAbsences = state.setAbsences.bind(state);
    state.setAbsences = async (entity, counts) => {
      written.push(entity);
      await setAbsences(entity, counts);
    };
    const read = async (missing: ReadonlyMap<string, number>) => {
      await send([], undefined, new Map([['users', missing]]));
      return state.absences('users');
    };
    expect(await read(new Map())).toEqual(new Map());
    expect(written).toEqual([]);
    expect(await read(new Map([['u', 1]]))).toEqual(new Map([['u', 1]]));
    expect(await read(new Map())).toEqual(new Map());
    expect(written).toEqual(['users', 'users']);
  });

  it('fills sessions up to their requests', async () => {
    const { send, sent } = uploading({ requestsPerSession: 2 });
    const report = await send([users('a'), users('b'), users('c')]);
    expect(report.sessions).toBe(2);
    expect(sent()).toEqual(['users s1 a', 'users s1 b', 'users s2 c']);
  });
});

describe('what refers to an entity', () => {
  const dependent = one(membershipChange('upsert', 'g', 'u', true));

  it.each([
    ['a user that is created', one(user('u')), 2],
    ['a group that is created', one(profileChange('groups', 'upsert', 'g', 'x')), 2],
    ['a user that is updated', one(user('u', false)), 1],
    ['another membership', one(membershipChange('upsert', 'g', 'v')), 1],
    ['a removal', one({ ...profileChange('users', 'delete', 'v', 'x'), created: true }), 1],
  ])('comes with or after %s: %i sessions', async (_, before, sessions) => {
    const { send, calls } = uploading({}, (made) => ({
      getSession: async (id) => {
        made.push(`get ${id}`);
        return session(id, made.includes(`start ${id}`) ? 'COMPLETED' : 'IN_PROGRESS');
      },
    }));
    const report = await send([before, dependent]);
    expect(report).toMatchObject({ sessions, remaining: 0 });
    if (sessions === 2) expect(calls.indexOf('create s2')).toBeGreaterThan(calls.indexOf('get s1'));
  });

  it('does not wait for creations that Okta refused', async () => {
    const { send, sent } = uploading({}, refusing('bad'));
    const report = await send([one(user('bad')), one(membershipChange('upsert', 'g', 'other', true))]);
    expect(report).toMatchObject({ remaining: 0 });
    expect(sent()).toHaveLength(1);
  });

  it('is sent by what remains of its request where Okta refused one of its references', async () => {
    const { send, sent, outcomes } = uploading({}, refusing('bad'));
    const both = makeBatch('memberships', 'upsert', [
      membershipChange('upsert', 'g', 'bad', true),
      membershipChange('upsert', 'g', 'good', true),
    ]);
    const report = await send([users('bad'), both, one(membershipChange('upsert', 'h', 'bad', true))]);
    expect(sent()).toEqual(['memberships s2 1:ggood']);
    expect(report.refused.every(({ reason }) => reason.includes('Okta'))).toBe(true);
    expect(report.refused.map(({ externalId, code }) => [externalId, code])).toEqual([
      ['bad', 'E0000001'],
      ['g/bad', 'REFERENCE_REFUSED'],
      ['h/bad', 'REFERENCE_REFUSED'],
    ]);
    expect(report.remaining).toBe(0);
    expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toMatchObject([
      { externalId: 'bad', sessionId: 's1', errorCode: 'E0000001' },
      { externalId: 'g', memberExternalId: 'bad', sessionId: '', errorCode: 'REFERENCE_REFUSED' },
      { externalId: 'h', memberExternalId: 'bad', errorCode: 'REFERENCE_REFUSED' },
    ]);
  });
});

describe('sessions in flight', () => {
  /** The first is being imported until the second was loaded, or somebody has asked often enough. */
  const slowFirst: Override = (calls) => ({
    getSession: async (id) => {
      calls.push(`get ${id}`);
      const loaded = calls.some((call) => call.startsWith('users s2'));
      const asked = calls.filter((call) => call === 'get s1').length;
      const status: SessionStatus = id === 's1' && !loaded && asked < 500 ? 'TRIGGERED' : 'COMPLETED';
      return session(id, status);
    },
  });

  it('a second is loaded while the first is imported', async () => {
    const { send, calls } = uploading({ requestsPerSession: 1 }, slowFirst);
    await send([users('a'), users('b')]);
    expect(calls.filter((call) => call === 'get s1').length).toBeLessThan(500);
  });

  it('a second is tried when a minute is over, while the first is imported', async () => {
    const opened: number[] = [];
    // The waits of the polls and of the next session are added up by this clock.
    const world = uploading({ requestsPerSession: 1, pollIntervalMs: 10 }, (calls) => ({
      ...slowFirst(calls),
      createSession: async () => {
        opened.push(world.clock.now());
        return session(`s${opened.length}`, 'CREATED');
      },
    }));
    await world.send([users('a'), users('b')]);
    const between = (opened[1] ?? 0) - (opened[0] ?? 0);
    expect(between).toBeGreaterThanOrEqual(60_000);
    expect(between).toBeLessThan(70_000);
  });

  it('what waits for a creation goes on waiting when an update beside it is refused', async () => {
    const { send, calls } = uploading({}, (made) => ({
      ...slowFirst(made),
      getSession: async (id) => {
        made.push(`get ${id}`);
        if (!made.includes(`start ${id}`)) return session(id, 'IN_PROGRESS');
        const asked = made.filter((call) => call === 'get s1').length;
        return session(id, id === 's1' && asked < 50 ? 'TRIGGERED' : 'COMPLETED');
      },
      upsertUsers: async (id, body) => {
        if ((body as Batch).changes.some(({ key }) => key === 'bad')) throw FAILURES.refused;
        made.push(`users ${id}`);
      },
    }));
    const report = await send([
      users('u'),
      one(user('bad', false)),
      one(membershipChange('upsert', 'g', 'u', true)),
    ]);
    expect(report).toMatchObject({ remaining: 0, sessions: 2 });
    const before = calls.slice(0, calls.indexOf('create s2'));
    expect(before.filter((call) => call === 'get s1').length).toBeGreaterThanOrEqual(50);
  });

  it('are no more than is allowed', async () => {
    const { send, calls } = uploading({ requestsPerSession: 1, sessionsInFlight: 1 }, slowFirst);
    await send([users('a'), users('b')]);
    const beforeSecond = calls.slice(0, calls.indexOf('create s2'));
    expect(beforeSecond.filter((call) => call === 'get s1')).toHaveLength(500);
  });

  it('all end before a failure of one is told, and the first failure is', async () => {
    const { send, state, calls } = uploading({ requestsPerSession: 1, pollTimeoutMs: 10_000 }, (made) => ({
      getSession: async (id) => {
        made.push(`get ${id}`);
        if (made.includes(`start ${id}`)) return session(id, 'TRIGGERED');
        return session(id, made.includes(`cancel ${id}`) ? 'CLOSED' : 'IN_PROGRESS');
      },
    }));
    const error = await failure(send([users('a'), users('b'), users('c')]));
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT', sessionId: 's1' });
    expect(calls).not.toContain('create s3');
    // Both were asked for until their limit, and are left to the next run.
    expect((await state.journal.open()).map(({ phase }) => phase)).toEqual(
      calls.includes('start s2') ? ['triggered', 'triggered'] : ['triggered'],
    );
  });
});

describe('content that was lost', () => {
  it('with its load is replayed in two sessions, before what comes next', async () => {
    let times = 0;
    const { send, sent, events } = uploading({ requestsPerSession: 2 }, (calls) => ({
      upsertUsers: async (id, body) => {
        const keys = (body as Batch).changes.map(({ key }) => key).join(',');
        calls.push(`users ${id} ${keys}`);
        if (keys === 'b' && times++ === 0) throw FAILURES.lost;
      },
    }));
    const report = await send([users('a'), users('b'), users('c')]);
    expect(sent()).toEqual(['users s1 a', 'users s1 b', 'users s2 a', 'users s3 b', 'users s4 c']);
    expect(events).toContainEqual({
      type: 'session:replayed',
      sessionId: 's1',
      reason: 'ERR_ROLLCALL_OKTA_NETWORK',
      attempt: 1,
    });
    expect(report).toMatchObject({ remaining: 0, requests: 5, sessions: 4 });
  });

  it('takes along what was not loaded yet', async () => {
    let times = 0;
    const { send, sent } = uploading({}, (calls) => ({
      upsertUsers: async (id, body) => {
        const keys = (body as Batch).changes.map(({ key }) => key).join(',');
        calls.push(`users ${id} ${keys}`);
        if (times++ === 0) throw FAILURES.fault;
      },
    }));
    expect(await send([users('a'), users('b'), users('c')])).toMatchObject({ remaining: 0 });
    expect(sent()).toEqual(['users s1 a', 'users s2 a', 'users s2 b', 'users s3 c']);
  });

  it('with its import is told as unknown, and confirmed in the end', async () => {
    const { send, sent, outcomes, events } = uploading(
      {},
      {
        getSession: async (id) => session(id, id === 's1' ? 'ERROR' : 'COMPLETED'),
      },
    );
    expect(await send([users('a'), users('b')])).toMatchObject({ remaining: 0, sessions: 3 });
    expect(sent()).toEqual(['users s1 a', 'users s1 b', 'users s2 a', 'users s3 b']);
    expect(outcomes.map(({ externalId, outcome, sessionId }) => [externalId, outcome, sessionId])).toEqual([
      ['a', 'unknown', 's1'],
      ['b', 'unknown', 's1'],
      ['a', 'confirmed', 's2'],
      ['b', 'confirmed', 's3'],
    ]);
    expect(events).toContainEqual({
      type: 'session:replayed',
      sessionId: 's1',
      reason: 'the import did not complete',
      attempt: 1,
    });
  });

  it('with its import is sent again in a new session, if the import does not end and may be left', async () => {
    const stuckFirst: Partial<OktaClient> = {
      getSession: async (id) => session(id, id === 's1' ? 'TRIGGERED' : 'COMPLETED'),
    };
    const { send, sent, outcomes, events, state } = uploading(
      { leaveSession: true, pollTimeoutMs: 600_000 },
      stuckFirst,
    );
    expect(await send([users('a')])).toMatchObject({ remaining: 0, sessions: 2 });
    expect(sent()).toEqual(['users s1 a', 'users s2 a']);
    expect(outcomes.map(({ outcome, sessionId }) => [outcome, sessionId])).toEqual([
      ['unknown', 's1'],
      ['confirmed', 's2'],
    ]);
    expect(events).toContainEqual({ type: 'session:failed', sessionId: 's1', status: 'left' });
    expect(await state.journal.open()).toEqual([]);
  });

  it('is given up once in a run: the next would wait behind it', async () => {
    const stuck: Partial<OktaClient> = { getSession: async (id) => session(id, 'TRIGGERED') };
    const { send, sent, state } = uploading({ leaveSession: true, pollTimeoutMs: 600_000 }, stuck);
    expect(await failure(send([users('a')]))).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT' });
    expect(sent()).toEqual(['users s1 a', 'users s2 a']);
    expect(await state.journal.open()).toMatchObject([{ sessionId: 's2' }]);
  });

  it('with an import that does not end stays in the journal by default', async () => {
    const stuck: Partial<OktaClient> = { getSession: async (id) => session(id, 'TRIGGERED') };
    const { send, sent, state } = uploading({ pollTimeoutMs: 600_000 }, stuck);
    expect(await failure(send([users('a')]))).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT' });
    expect(sent()).toEqual(['users s1 a']);
    expect(await state.journal.open()).toHaveLength(1);
  });

  it('before it was triggered is replayed', async () => {
    const { send, sent, events } = uploading({}, (calls) => ({
      startImport: async (id) => {
        if (id === 's1') throw FAILURES.refused;
        calls.push(`start ${id}`);
        return session(id, 'TRIGGERED');
      },
      getSession: async (id) => session(id, id === 's1' ? 'EXPIRED' : 'COMPLETED'),
    }));
    expect(await send([users('a')])).toMatchObject({ remaining: 0, sessions: 2 });
    expect(sent()).toEqual(['users s1 a', 'users s2 a']);
    expect(events).toContainEqual({
      type: 'session:replayed',
      sessionId: 's1',
      reason: 'the session was lost before it was triggered',
      attempt: 1,
    });
  });

  it('again and again is told after ten sessions, with what remains of the whole plan', async () => {
    const { send, state } = uploading({}, { getSession: async (id) => session(id, 'EXPIRED') });
    const error = await failure(send([users('a')], 100));
    expect(error).toMatchObject({
      code: 'ERR_ROLLCALL_SESSION',
      sessionId: 's10',
      report: { remaining: 100, sessions: 10, requests: 10 },
    });
    expect(await state.journal.open()).toEqual([]);
  });

  it('halves what was replayed already by its own count', async () => {
    const { send, events } = uploading(
      {},
      {
        getSession: async (id) => session(id, ['s1', 's2'].includes(id) ? 'ERROR' : 'COMPLETED'),
      },
    );
    await send([users('a'), users('b')]);
    const attempts = events.flatMap((event) => (event.type === 'session:replayed' ? [event.attempt] : []));
    expect(attempts).toEqual([1, 2]);
  });
});

describe('a record that is refused', () => {
  it('is found by halves, told, and everything else goes on', async () => {
    const { send, sent, events, outcomes } = uploading({}, refusing('bad'));
    const report = await send([users('a', 'b', 'bad', 'c'), users('d')]);
    expect(sent()).toEqual(['users s1 a,b', 'users s1 c', 'users s1 d']);
    expect(report).toMatchObject({ remaining: 0, requests: 6, sessions: 1 });
    const reason = expect.stringContaining('Okta') as string;
    expect(report.refused).toMatchObject([{ externalId: 'bad', code: 'E0000001', entity: 'users', reason }]);
    expect(events).toContainEqual({
      type: 'batch:refused',
      sessionId: 's1',
      entity: 'users',
      kind: 'upsert',
      items: 1,
      rejection: report.refused[0],
    });
    expect(outcomes[0]).toMatchObject({ externalId: 'bad', outcome: 'refused', errorCode: 'E0000001' });
    const requests = events.flatMap((event) => (event.type === 'batch:sent' ? [event.requests] : []));
    expect(requests).toEqual([2, 5, 6]);
  });

  it('leaves a session without content, which is cancelled and not triggered', async () => {
    const { send, calls } = uploading({}, refusing('bad'));
    expect(await send([users('bad')])).toMatchObject({ remaining: 0, sessions: 1 });
    expect(calls).toContain('cancel s1');
    expect(calls).not.toContain('start s1');
  });

  it('pushes what its session has no requests for into the next', async () => {
    const { send, sent } = uploading({ requestsPerSession: 3 }, refusing('bad'));
    const report = await send([users('a', 'bad'), users('b'), users('c')]);
    expect(sent()).toEqual(['users s1 a', 'users s2 b', 'users s2 c']);
    expect(report).toMatchObject({ remaining: 0, sessions: 2 });
    expect(report.refused.map(({ externalId }) => externalId)).toEqual(['bad']);
  });

  it('forty times in a row stops the run, nineteen times does not', async () => {
    const few = many(19, 'bad');
    const report = await uploading({}, refusing(...few)).send([users(...few)]);
    expect(report.refused).toHaveLength(19);
    const all = many(25, 'bad');
    const world = uploading({}, refusing(...all));
    const error = await failure(world.send([users(...all)]));
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_RECORD', entity: 'users' });
    expect((error as { report: { refused: unknown[] } }).report.refused).toHaveLength(20);
    expect(world.calls).toContain('cancel s1');
  });

  it.each([
    [380, 20, false],
    [379, 20, true],
    [1000, 25, false],
    [200, 19, false],
  ])('after %i were confirmed %i times stops the run: %s', async (confirmed, refused, stops) => {
    const bad = many(refused, 'bad');
    const { send } = uploading({ requestsPerSession: 50, sessionsInFlight: 1 }, refusing(...bad));
    const good = many(confirmed, 'u');
    // The first session is confirmed before the second is loaded.
    const batches = [
      ...Array.from({ length: 50 }, (_, i) => users(...good.filter((_, j) => j % 50 === i))),
      users(...bad),
    ].filter(({ changes }) => changes.length > 0);
    const outcome = await send(batches).then(
      () => false,
      (error: { code: string }) => error.code === 'ERR_ROLLCALL_RECORD',
    );
    expect(outcome).toBe(stops);
  });
});

describe('deletions that matched nothing', () => {
  it('are confirmed without an import', async () => {
    const { send, outcomes, events } = uploading({}, (made) => ({
      startImport: async () => {
        throw FAILURES.refused;
      },
      getSession: async (id) => session(id, made.includes(`cancel ${id}`) ? 'CLOSED' : 'CREATED'),
    }));
    const report = await send([one(profileChange('users', 'delete', 'ghost', 'x'))]);
    expect(report).toMatchObject({ remaining: 0, confirmed: { users: { deletes: 1 } } });
    expect(outcomes).toMatchObject([{ externalId: 'ghost', outcome: 'confirmed' }]);
    expect(events.map(({ type }) => type)).toContain('state:committed');
  });
});

describe('the end of the run as it is foreseen', () => {
  const ends = async (planned: number, importMs: number, more: UploadOptions = {}) => {
    let begun = 0;
    const world = uploading({ requestsPerSession: 1, sessionsInFlight: 1, ...more }, () => ({
      startImport: async (id) => {
        begun = world.clock.now();
        return session(id, 'TRIGGERED');
      },
      getSession: async (id) =>
        session(id, world.clock.now() - begun >= importMs ? 'COMPLETED' : 'TRIGGERED'),
    }));
    const { send, events } = world;
    await send([users(...many(10, 'a')), users(...many(10, 'b'))], planned);
    return events.flatMap((event) =>
      event.type === 'state:committed'
        ? [[event.remaining, event.estimatedEnd.getTime() - NOON, event.earliestEnd.getTime() - NOON]]
        : [],
    );
  };

  it('is as many sessions on as the rest takes: a minute each at the earliest, five at the latest', async () => {
    // Ten changes a session: ninety left take nine of them.
    expect((await ends(100, 0))[0]).toEqual([90, 9 * 300_000, 9 * 60_000]);
    expect((await ends(101, 0))[0]).toEqual([91, 10 * 300_000, 10 * 60_000]);
  });

  it('goes by how long sessions took, where that is longer', async () => {
    expect((await ends(100, 600_000))[0]).toEqual([90, 10 * 600_000, 600_000 + 9 * 60_000]);
    // Two took so long: eighty left take eight more of them.
    expect((await ends(100, 600_000))[1]).toEqual([80, 10 * 600_000, 2 * 600_000 + 8 * 60_000]);
  });

  it('moves as the run learns that a session can be created as soon as the import is over', async () => {
    const [first, second] = await ends(100, 20_000);
    expect(first).toEqual([90, 20_000 + 9 * 300_000, 20_000 + 9 * 60_000]);
    // The import's end is seen by a poll, a second after a session could be created.
    expect(second).toEqual([80, 41_000 + 8 * 300_000, 41_000 + 8 * 20_000]);
  });

  it('counts a whole session of requests like those so far', async () => {
    // Two requests of ten fill a session of twenty: eighty left take four.
    const [committed] = await ends(100, 0, { requestsPerSession: 2 });
    expect(committed).toEqual([80, 4 * 300_000, 4 * 60_000]);
  });

  it('is now when nothing remains', async () => {
    const all = await ends(20, 0, { requestsPerSession: 2 });
    expect(all).toEqual([[0, 0, 0]]);
  });
});

describe('a run that fails', () => {
  it('is told with what was done, closes its source, and leaves no session open', async () => {
    const { send, trace, calls, state } = uploading({ requestsPerSession: 1 }, (made) => ({
      upsertUsers: async (id, body) => {
        made.push(`users ${id}`);
        if ((body as Batch).changes.some(({ key }) => key === 'b')) throw FAILURES.signIn;
      },
    }));
    const error = await failure(send([users('a'), users('b'), users('c')]));
    expect(error).toBe(FAILURES.signIn);
    expect(error).toMatchObject({ report: { remaining: 1, sessions: 2 } });
    expect(trace.closed).toBe(true);
    expect(calls).toContain('cancel s2');
    expect(await state.journal.open()).toEqual([]);
  });

  it('tells its first failure, also where its session cannot be cancelled', async () => {
    const { send, state } = uploading(
      {},
      {
        upsertUsers: async () => {
          throw FAILURES.signIn;
        },
        deleteSession: async () => {
          throw FAILURES.bug;
        },
      },
    );
    expect(await failure(send([users('a')]))).toBe(FAILURES.signIn);
    expect(await state.journal.open()).toMatchObject([{ phase: 'cancelling' }]);
  });

  it('for a reason of our own has no report', async () => {
    const bug = new TypeError('of our own');
    const { send, trace } = uploading(
      {},
      {
        upsertUsers: async () => {
          throw bug;
        },
      },
    );
    expect(await failure(send([users('a')]))).toBe(bug);
    expect(bug).not.toHaveProperty('report');
    expect(trace.closed).toBe(true);
  });

  it('because it was aborted sends nothing more, and cancels its session', async () => {
    const abort = new AbortController();
    const { send, sent, calls } = uploading({ signal: abort.signal }, (made) => ({
      upsertUsers: async (id, body) => {
        made.push(`users ${id} ${(body as Batch).changes[0]?.key}`);
        abort.abort();
      },
    }));
    const error = await failure(send([users('a'), users('b')]));
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED', report: { requests: 1 } });
    expect(sent()).toEqual(['users s1 a']);
    expect(calls).toContain('cancel s1');
  });

  it('because it was aborted before it began opens no session', async () => {
    const { send, calls } = uploading({ signal: AbortSignal.abort() });
    expect(await failure(send([users('a')]))).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(calls).toEqual([]);
  });

  it('because a listener threw is a failure like any other', async () => {
    const bug = new TypeError('of the listener');
    const { send } = uploading({
      onOutcome: () => {
        throw bug;
      },
    });
    expect(await failure(send([users('a')]))).toBe(bug);
  });
});
