import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach } from 'vitest';
import type { CliDeps, EndSignal } from '../../src/cli/process/io.js';
import type { ExitCode } from '../../src/cli/process/exit-codes.js';
import { run } from '../../src/cli/process/run.js';
import { startOrg, type Org, type StartOrgOptions } from '../../src/simulator/index.js';
import { CommandClock } from './command-clock.js';

const cleanups: (() => Promise<unknown>)[] = [];

/** The time of all commands and orgs of a test. */
export let clock = new CommandClock();

afterEach(async () => {
  clock = new CommandClock();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An empty directory that goes with the test. */
export async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-cli-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A simulated org over HTTP that goes with the test, in the test's time. It is quick, unless asked otherwise. */
export async function org(options: StartOrgOptions = {}): Promise<Org> {
  const started = await startOrg({ clock, cooldownMs: 1, importMs: 1, ...options });
  cleanups.push(() => started.close());
  return started;
}

/** The environment that names an org, its source and its token. */
export function envOf(org: Org): Record<string, string> {
  return {
    OKTA_CLIENT_ORGURL: org.url,
    OKTA_CLIENT_TOKEN: org.token,
    OKTA_IDENTITY_SOURCE_ID: org.identitySourceId,
  };
}

/** A stream that remembers what was written. */
export class Captured extends PassThrough {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;
  /** Called with everything that is written. */
  onWrite: ((text: string) => void) | undefined;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override write(chunk: unknown): boolean {
    this.text += String(chunk);
    this.onWrite?.(String(chunk));
    return true;
  }
}

/** Signals by hand. */
export class Signals {
  readonly #listeners = new Set<(signal: EndSignal) => void>();
  /** Signals that ended the process at once. */
  readonly ended: EndSignal[] = [];

  readonly onSignal: CliDeps['onSignal'] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly endNow: CliDeps['endNow'] = (signal) => void this.ended.push(signal);

  send(signal: EndSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }
}

export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Readable;
  readonly tty?: boolean;
  readonly deps?: Partial<CliDeps>;
  readonly onErr?: (text: string) => void;
  readonly onOut?: (text: string) => void;
}

/** Runs one command line in this process, in a directory and in the test's time. */
export async function cli(cwd: string, argv: readonly string[], options: CliOptions = {}): Promise<Ran> {
  const stdout = new Captured();
  const stderr = new Captured(options.tty);
  stdout.onWrite = options.onOut;
  stderr.onWrite = options.onErr;
  const { stdin = '' } = options;
  const io = {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
  };
  const deps = { cwd, clock, random: () => 0, ...options.deps };
  const code = await run(argv, io, options.env ?? {}, deps);
  return { code, out: stdout.text, err: stderr.text };
}

/** Flags with which a sync waits no longer than it must. */
export const QUICK = ['--cooldown', '1ms', '--poll', '1ms'];

/** A CSV of users `u{from}` to `u{to - 1}`. */
export function usersCsv(to: number, note = '', from = 0): string {
  const rows = Array.from({ length: to - from }, (_, i) => {
    const id = `u${from + i}`;
    return `${id},${id}@example.com,${id}@example.com,First${note},Last${i}`;
  });
  return ['externalId,userName,email,firstName,lastName', ...rows, ''].join('\n');
}

/** Writes files into a directory. */
export async function files(cwd: string, contents: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) await writeFile(join(cwd, name), content);
}

/** The lines that `--json` wrote. */
export function jsonLines(out: string): (Record<string, unknown> & { type: string })[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { type: string });
}
