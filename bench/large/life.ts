import { fork } from 'node:child_process';
import type { Answer, Ask, Commit, FromProgram, Memory, Settled, Task } from './messages.js';
import type { WatchedOrg } from './watched-org.js';

/** Where in its run a program is killed. */
export interface KillPoint {
  /** The session, as the org counts them from 1. */
  readonly session: number;
  /** Requests of any kind since the session was created. */
  readonly request: number;
  /** Before the org acts on that request, after it and without an answer, or as soon as the answer is on its way. */
  readonly moment: 'before' | 'applied' | 'answered';
}

/** One life of the program, from its start to its end. */
export interface Life {
  readonly killed: boolean;
  /** Real milliseconds until the first session was to be created, and in all. */
  readonly planMs: number;
  readonly wallMs: number;
  /** The most memory it had until then, and in all; the latter is not known of one that was killed. */
  readonly planPeakMb: number | undefined;
  readonly peakMb: number | undefined;
  readonly atStart: Memory | undefined;
  readonly commits: readonly Commit[];
  readonly settled: readonly Settled[];
  /** People whom it reported as confirmed. */
  readonly confirmed: number | undefined;
  readonly bulkRequests: number;
}

/** Starts the program, answers its requests with the org, and kills it where it is to be killed. */
export async function live(
  program: string,
  task: Omit<Task, 'now'>,
  watched: WatchedOrg,
  kill: KillPoint | undefined,
): Promise<Life> {
  const started = performance.now();
  const child = fork(program, [JSON.stringify({ ...task, now: watched.now })], {
    execArgv: task.collect ? ['--expose-gc'] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const commits: Commit[] = [];
  const settled: Settled[] = [];
  const told: {
    sending?: { memory: Memory; peakMb: number; ms: number };
    peakMb?: number;
    confirmed?: number;
  } = {};
  let bulkRequests = 0;
  let sinceSession = 0;
  let dead = false;
  const die = () => {
    dead = true;
    child.kill('SIGKILL');
  };

  /** What comes of a request; undefined when the program was killed instead. */
  function answer({ id, now, request }: Ask): Answer | undefined {
    watched.advance(now);
    const { pathname, search } = new URL(request.url);
    const creates = request.method === 'POST' && pathname.endsWith('/sessions');
    sinceSession = creates ? 0 : sinceSession + 1;
    const isDue =
      kill !== undefined && sinceSession === kill.request && watched.sessions.length === kill.session;
    if (isDue && kill.moment === 'before') return void die();
    if (pathname.includes('/bulk-')) bulkRequests++;
    const { method, headers, body } = request;
    const reply = watched.handle({ method, path: pathname + search, headers, body });
    if (isDue && kill.moment === 'applied') return void die();
    if (isDue) setImmediate(die);
    const delayMs = reply.kind === 'refused' ? 0 : reply.delayMs;
    if (reply.kind === 'refused') return { id, delayMs, reply: { failed: 'ECONNREFUSED', sent: false } };
    if (reply.kind === 'reset' || reply.cut)
      return { id, delayMs, reply: { failed: 'ECONNRESET', sent: true } };
    return { id, delayMs, reply: { status: reply.status, headers: reply.headers, body: reply.body } };
  }

  child.on('message', (message: FromProgram) => {
    // What a dead program had still sent is not heard.
    if (dead) return;
    switch (message.kind) {
      case 'ask': {
        const given = answer(message);
        if (given !== undefined) child.send(given);
        break;
      }
      case 'sending':
        told.sending = { ...message, ms: performance.now() - started };
        break;
      case 'committed':
        commits.push(message);
        break;
      case 'settled':
        settled.push(message);
        break;
      case 'done':
        told.peakMb = message.peakMb;
        told.confirmed = message.confirmed;
    }
  });
  let complaint = '';
  child.stderr?.on('data', (data) => (complaint += String(data)));
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  const killed = dead && signal === 'SIGKILL';
  if (!killed && code !== 0) throw new Error(`the program ended with ${code ?? signal}: ${complaint}`);
  const wallMs = performance.now() - started;
  return {
    killed,
    planMs: told.sending?.ms ?? wallMs,
    wallMs,
    planPeakMb: told.sending?.peakMb,
    peakMb: told.peakMb,
    atStart: told.sending?.memory,
    commits,
    settled,
    confirmed: told.confirmed,
    bulkRequests,
  };
}
