import type { Context, Span, Tracer } from '@opentelemetry/api';
import { RollcallError } from '../../core/errors.js';
import type { SyncEvent } from '../../events/events.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import type { OktaClient } from '../../okta/wire.js';
import type { SdkPackage } from './sdk.js';

type Api = SdkPackage['api'];

type Client = OktaClient & DirectoryClient;
type RequestName = {
  [Name in keyof Client]-?: Client[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Client];

/** The methods of a client that send a request. The type holds that none is missing. */
const REQUESTS: Readonly<Record<Exclude<RequestName, 'close'>, true>> = {
  createSession: true,
  listSessions: true,
  getSession: true,
  deleteSession: true,
  startImport: true,
  upsertUsers: true,
  deleteUsers: true,
  upsertGroups: true,
  deleteGroups: true,
  upsertMemberships: true,
  deleteMemberships: true,
  createUser: true,
  getUser: true,
  replaceUser: true,
  updateUser: true,
  deleteUser: true,
  createGroup: true,
  getGroup: true,
  updateGroup: true,
  deleteGroup: true,
  getMemberships: true,
  createMembership: true,
  deleteMembership: true,
  listAppUsers: true,
  listUnconfirmedUsers: true,
  listGroups: true,
  getSchema: true,
};

/**
 * The spans of a command: one for the run, in it one for each session, and one for each request, in its session. They have codes,
 * counts, numbers and the host of the org, but no ids and no values.
 */
export class Spans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #run: Span;
  readonly #inRun: Context;
  readonly #sessions = new Map<unknown, Span>();

  constructor(api: Api, tracer: Tracer, command: string) {
    this.#api = api;
    this.#tracer = tracer;
    const attributes = { 'rollcall.command': command };
    this.#run = tracer.startSpan(`rollcall ${command}`, { attributes }, api.ROOT_CONTEXT);
    this.#inRun = api.trace.setSpan(api.ROOT_CONTEXT, this.#run);
  }

  /** Begins and ends the spans of sessions. */
  event(event: SyncEvent): void {
    switch (event.type) {
      case 'session:created': {
        const attributes = {
          'rollcall.session.number': event.number,
          'rollcall.session.requests': event.requests,
        };
        const session = this.#tracer.startSpan('rollcall.session', { attributes }, this.#inRun);
        this.#sessions.set(event.sessionId, session);
        break;
      }
      case 'session:triggered':
        this.#sessions.get(event.sessionId)?.addEvent('triggered');
        break;
      case 'session:completed':
      case 'session:cancelled':
      case 'session:replayed':
      case 'session:failed':
        this.#endSession(event.sessionId, event.type.slice('session:'.length));
        break;
      case 'wait:start':
        this.#sessionOrRun(event.sessionId).addEvent('wait', { 'rollcall.wait.reason': event.reason });
        break;
      default:
        break;
    }
  }

  /** The same client, with a span for each request. */
  client<T extends { readonly orgUrl: string }>(client: T): T {
    const { host } = new URL(client.orgUrl);
    return new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        if (typeof name === 'symbol' || !Object.hasOwn(REQUESTS, name)) return call;
        return (...args: unknown[]) => this.#request(name, host, args[0], () => call(...args));
      },
    });
  }

  /** Ends all spans. */
  end(exitCode: number, code: string | undefined): void {
    for (const sessionId of [...this.#sessions.keys()]) this.#endSession(sessionId, 'left');
    this.#run.setAttribute('rollcall.exit_code', exitCode);
    if (code !== undefined) this.#failed(this.#run, code);
    this.#run.end();
  }

  async #request(name: string, host: string, sessionId: unknown, call: () => unknown): Promise<unknown> {
    const session = this.#sessions.get(sessionId);
    const parent = session === undefined ? this.#inRun : this.#api.trace.setSpan(this.#inRun, session);
    const options = { kind: this.#api.SpanKind.CLIENT, attributes: { 'server.address': host } };
    const span = this.#tracer.startSpan(`okta.${name}`, options, parent);
    try {
      return await call();
    } catch (error) {
      this.#failed(span, error instanceof RollcallError ? error.code : 'ERROR');
      throw error;
    } finally {
      span.end();
    }
  }

  #sessionOrRun(sessionId: string | undefined): Span {
    return this.#sessions.get(sessionId) ?? this.#run;
  }

  #endSession(sessionId: unknown, outcome: string): void {
    const span = this.#sessions.get(sessionId);
    span?.setAttribute('rollcall.session.outcome', outcome);
    if (outcome === 'failed') span?.setStatus({ code: this.#api.SpanStatusCode.ERROR });
    span?.end();
    this.#sessions.delete(sessionId);
  }

  /** Marks a span as failed, with the stable code: a message may contain what Okta wrote. */
  #failed(span: Span, code: string): void {
    span.setAttribute('error.type', code);
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: code });
  }
}
