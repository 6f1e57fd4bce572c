import type { CliContext } from '../process/io.js';
import type { Display } from './display.js';
import { JsonDisplay } from './json-display.js';
import { PlainDisplay } from './plain-display.js';
import { QuietDisplay } from './quiet-display.js';
import { TerminalDisplay } from './terminal-display.js';

/** How a command is to tell what happens. */
export interface DisplayFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Bars are for a person at a terminal: not for pipes, CI, or terminals that cannot move their cursor. */
export function createDisplay({ json, quiet }: DisplayFlags, { io, env, clock }: CliContext): Display {
  if (json) return new JsonDisplay(io.stdout, io.stderr, clock);
  if (quiet) return new QuietDisplay(io.stderr);
  const live = io.stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const Kind = live ? TerminalDisplay : PlainDisplay;
  return new Kind(io.stdout, io.stderr, clock);
}
