import type { CliContext } from '../process/io.js';
import type { Display } from './display.js';
import { JsonDisplay } from './json-display.js';
import { PlainDisplay } from './plain-display.js';
import { QuietDisplay } from './quiet-display.js';
import { TerminalDisplay } from './terminal-display.js';

/** The flags that choose a display. */
export interface DisplayFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Creates the display. Progress bars are for terminals only: not for pipes, CI, or terminals that cannot move the cursor. */
export function createDisplay({ json, quiet }: DisplayFlags, { io, env, clock }: CliContext): Display {
  if (json) return new JsonDisplay(io.stdout, io.stderr, clock);
  if (quiet) return new QuietDisplay(io.stderr);
  const live = io.stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const Kind = live ? TerminalDisplay : PlainDisplay;
  return new Kind(io.stdout, io.stderr, clock);
}
