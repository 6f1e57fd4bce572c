import { systemClock, type Clock } from '../../core/clock.js';
import type { Transport } from '../../okta/wire.js';
import type { Environment } from './environment.js';

/** A stream for output. */
export interface Output {
  write(text: string): unknown;
  /** True for a terminal. */
  readonly isTTY?: boolean;
  /** Characters in a line of the terminal. */
  readonly columns?: number;
}

/** The three streams of a process. */
export interface CliIo {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** A signal that ends a run. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** The outside world of the command line, injected so that a test can run it inside its own process. */
export interface CliDeps {
  readonly clock: Clock;
  /** Numbers from 0 to 1, for the jitter of back-offs. */
  readonly random: () => number;
  /** Sends requests. @defaultValue HTTP */
  readonly transport: Transport | undefined;
  readonly cwd: string;
  /** Calls the listener for each signal, instead of ending the process; returns a function that removes the listener. */
  readonly onSignal: (listener: (signal: EndSignal) => void) => () => void;
  /** Ends the process at once, as the signal would have. */
  readonly endNow: (signal: EndSignal) => void;
}

/** Everything a command works with. */
export interface CliContext extends CliDeps {
  readonly io: CliIo;
  readonly env: Environment;
  /** The same client, with a span for each request; undefined if the environment does not ask for traces. */
  readonly observed?: (<T extends { readonly orgUrl: string }>(client: T) => T) | undefined;
}

/** The real world, without signals: `main` adds those, because they belong to the process. */
export const SYSTEM_DEPS: CliDeps = Object.freeze({
  clock: systemClock,
  random: Math.random,
  transport: undefined,
  cwd: process.cwd(),
  onSignal: () => () => undefined,
  endNow: () => undefined,
});
