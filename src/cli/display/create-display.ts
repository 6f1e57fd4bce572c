import type { Environment } from '../process/environment.js';
import type { CliContext } from '../process/io.js';
import { coloursOf } from './colours.js';
import type { Display } from './display.js';
import { JsonDisplay } from './json-display.js';
import { PlainDisplay } from './plain-display.js';
import { QuietDisplay } from './quiet-display.js';
import { TerminalDisplay } from './terminal-display.js';

/** The flags that choose a display. */
export interface DisplayFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Undefined if neither `--color` nor `--no-color` is set. */
  readonly color?: boolean;
}

/** Creates the display. Progress bars are for terminals only: not for pipes, CI, or terminals that cannot move the cursor. */
export function createDisplay({ json, quiet, color }: DisplayFlags, { io, env, clock }: CliContext): Display {
  if (json) return new JsonDisplay(io.stdout, io.stderr, clock);
  const err = coloursOf(io.stderr, env, color);
  if (quiet) return new QuietDisplay(io.stderr, err);
  const colours = { out: coloursOf(io.stdout, env, color), err };
  const live = io.stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  if (!live) return new PlainDisplay(io.stdout, io.stderr, clock, colours);
  return new TerminalDisplay(io.stdout, io.stderr, clock, { ascii: !isUtf8(env), colours });
}

/** Whether the locale shows UTF-8, by the rules of POSIX for its variables; without any of them it is taken for granted. */
function isUtf8(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return !locale || /utf-?8/i.test(locale);
}
