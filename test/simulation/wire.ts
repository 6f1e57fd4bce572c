import { TransportError, type Transport, type WireResponse } from '../../src/okta/wire.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import type { Life } from './life.js';

/** The longest time of one attempt, as of the client's own transport. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The wire between a process and the org. It keeps what the real one keeps: an abort and a time-out end a request. */
export class Wire {
  /** Until when windows are used up of which a client was told: a new process could not know. */
  exhaustedUntil = 0;
  /** The same of answers that their client did not wait for: nobody could know. */
  unheardUntil = 0;
  readonly #org: SimulatedOrg;
  readonly #trace: (line: string) => void;

  constructor(org: SimulatedOrg, trace: (line: string) => void) {
    this.#org = org;
    this.#trace = trace;
  }

  /** `life` gives the run that is under way. */
  transport(life: () => Life): Transport {
    return async ({ method, url, headers, body, signal }) => {
      const { pathname, search } = new URL(url);
      const name = `${method} ${pathname.replace(/^.*\/identity-sources\/[^/]+/, '')}`;
      await life().pass(`send ${name}`);
      if (signal?.aborted) throw new TransportError('aborted', false);
      const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {};
      const reply = this.#org.handle({
        method,
        path: pathname + search,
        headers: { ...headers, ...length },
        body,
      });
      const logged = this.#org.requests.at(-1);
      const left = reply.kind === 'answer' ? reply.headers['x-rate-limit-remaining'] : '?';
      this.#trace(
        `${logged?.status} ${logged?.fault ?? ''} ${logged?.items} at ${logged?.at}, ${left} left, ${this.#org.violations.length}`,
      );
      if (reply.kind === 'refused') throw new TransportError('ECONNREFUSED', false);
      const until = reply.kind === 'answer' ? exhaustedUntil(reply) : 0;
      this.exhaustedUntil = Math.max(this.exhaustedUntil, until);
      const ended = await wait(reply.delayMs, signal);
      if (ended !== undefined) {
        this.unheardUntil = Math.max(this.unheardUntil, until);
        throw new TransportError(ended, true);
      }
      await life().pass(`answer ${name}`);
      if (reply.kind === 'reset' || reply.cut) throw new TransportError('ECONNRESET', true);
      return { status: reply.status, headers: reply.headers, body: reply.body };
    };
  }
}

/** Until when an answer says that its window is used up; 0 when it does not. */
function exhaustedUntil({ headers }: WireResponse): number {
  if (headers['x-rate-limit-limit'] === '0' || headers['x-rate-limit-remaining'] !== '0') return 0;
  return Number(headers['x-rate-limit-reset']) * 1000;
}

/** Waits for an answer; gives why it will never come. */
function wait(delayMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  if (delayMs <= 0) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(why);
    };
    const onAbort = () => end('aborted');
    const late = delayMs > REQUEST_TIMEOUT_MS;
    const timer = setTimeout(
      () => end(late ? 'no complete response in time' : undefined),
      Math.min(delayMs, REQUEST_TIMEOUT_MS),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
