import type { Clock } from '../../src/core/clock.js';
import { throwIfAborted } from '../../src/core/clock.js';
import { OktaAuthError, OktaHttpError, OktaNetworkError, OktaResponseError } from '../../src/core/errors.js';
import type { SyncEvent } from '../../src/events/events.js';
import type { OktaClient, Session, SessionStatus } from '../../src/okta/wire.js';
import { resolveUploadOptions, type UploadOptions } from '../../src/upload/upload-options.js';
import { OwnSessions } from '../../src/upload/own-sessions.js';
import type { SessionContext } from '../../src/upload/upload-context.js';
import { memoryState } from '../../src/state/memory/memory-state.js';

/** Noon of the script, by everybody's clock. */
export const NOON = Date.UTC(2026, 0, 1, 12);

export const FAILURES = {
  lost: new OktaNetworkError('op', true, 'ECONNRESET'),
  page: new OktaResponseError('op', 200, 'it is not JSON'),
  fault: new OktaHttpError('op', 500, 'E0000009'),
  tooMany: new OktaHttpError('op', 429, 'E0000047'),
  timedOut: new OktaHttpError('op', 408),
  unsent: new OktaNetworkError('op', false, 'ECONNREFUSED'),
  readOnly: new OktaHttpError('op', 503, 'E0000010'),
  redirect: new OktaResponseError('op', 302, 'redirects are not followed'),
  forbidden: new OktaAuthError('op', 403),
  unenveloped: new OktaHttpError('op', 404),
  unauthorized: new OktaAuthError('op', 401, 'E0000011'),
  refused: new OktaHttpError('op', 400, 'E0000001'),
  unknown: new OktaHttpError('op', 404, 'E0000007'),
  conflict: new OktaHttpError('op', 409, 'E0000001'),
  signIn: new OktaAuthError('op', 400, 'invalid_dpop_proof'),
  bug: new TypeError('of our own'),
} as const;

export function session(id: string, status: Session['status'], createdAt?: number): Session {
  return {
    id,
    status,
    identitySourceId: 'source',
    importType: 'INCREMENTAL',
    created: createdAt === undefined ? undefined : new Date(createdAt).toISOString(),
    lastUpdated: undefined,
  };
}

type Step<T> = T | Error;

/** As often as Okta must say that it does not know a session until that is believed. */
export const GONE = Object.freeze(Array<'gone'>(8).fill('gone'));

/** A status, one that is not known too. */
export type Status = SessionStatus | 'gone' | 'PAUSED';

/** What Okta answers, call by call; a call for which nothing is left fails the test. */
export interface Script {
  /** Looks: a status, `gone`, or a whole session. */
  get?: Step<Status | Session>[];
  list?: Step<readonly Session[]>[];
  create?: Step<Session>[];
  cancel?: Step<'ok'>[];
  start?: Step<'ok'>[];
  load?: Step<'ok'>[];
}

/** A context over an Okta that follows a script, with a clock whose waits take no time and are remembered. */
export function scripted(script: Script = {}, options: UploadOptions = {}) {
  const calls: string[] = [];
  const sleeps: number[] = [];
  const events: SyncEvent[] = [];
  let now = NOON;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms, signal) => {
      throwIfAborted(signal);
      sleeps.push(ms);
      now += ms;
    },
  };
  const next = <T>(name: keyof Script, call: string): T => {
    calls.push(call);
    const step = (script[name] as Step<T>[] | undefined)?.shift();
    if (step === undefined) throw new Error(`the script has nothing for ${call}`);
    if (step instanceof Error) throw step;
    return step;
  };
  const load = (what: string) => async (id: string) => void next('load', `${what} ${id}`);
  const okta: OktaClient = {
    orgUrl: 'https://test.okta.example',
    identitySourceId: 'source',
    serverDate: () => undefined,
    createSession: async () => next<Session>('create', 'create'),
    listSessions: async () => next<readonly Session[]>('list', 'list'),
    getSession: async (id) => {
      const seen = next<Status | Session>('get', `get ${id}`);
      if (typeof seen !== 'string') return seen;
      return seen === 'gone' ? undefined : session(id, seen);
    },
    deleteSession: async (id) => void next('cancel', `cancel ${id}`),
    startImport: async (id) => {
      next('start', `start ${id}`);
      return session(id, 'TRIGGERED');
    },
    upsertUsers: load('upsertUsers'),
    deleteUsers: load('deleteUsers'),
    upsertGroups: load('upsertGroups'),
    deleteGroups: load('deleteGroups'),
    upsertMemberships: load('upsertMemberships'),
    deleteMemberships: load('deleteMemberships'),
    close: async () => undefined,
  };
  const state = memoryState();
  const context: SessionContext = {
    okta,
    state,
    options: resolveUploadOptions({ clock, events: { emit: (event) => events.push(event) }, ...options }),
    own: new OwnSessions(),
  };
  return { context, okta, state, clock, calls, sleeps, events, script };
}

/** What a promise rejects with. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it should have failed, and gave ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
