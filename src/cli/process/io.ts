import { systemClock, type Clock } from '../../core/clock.js';
import type { Transport } from '../../okta/wire.js';
import type { Environment } from './environment.js';

/** Where output goes. */
export interface Output {
  write(text: string): unknown;
  /** Whether a person is looking at it. */
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

/** A signal that asks a run to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** What the command line needs of the world, injected so that it can be tested in one process. */
export interface CliDeps {
  readonly clock: Clock;
  /** Numbers from 0 to 1, for the jitter of back-offs. */
  readonly random: () => number;
  /** Sends requests. @defaultValue HTTP */
  readonly transport: Transport | undefined;
  readonly cwd: string;
  /** Calls the listener at each signal, instead of ending the process; answers how to stop that. */
  readonly onSignal: (listener: (signal: EndSignal) => void) => () => void;
  /** Ends the process at once, as the signal would have. */
  readonly endNow: (signal: EndSignal) => void;
}

/** Everything a command works with. */
export interface CliContext extends CliDeps {
  readonly io: CliIo;
  readonly env: Environment;
}

/** The real world, but for signals: they are the process's own, and `main` brings them in. */
export const SYSTEM_DEPS: CliDeps = Object.freeze({
  clock: systemClock,
  random: Math.random,
  transport: undefined,
  cwd: process.cwd(),
  onSignal: () => () => undefined,
  endNow: () => undefined,
});
