import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { Environment } from '../process/environment.js';
import type { Output } from '../process/io.js';

/** A meaning that a colour shows. Every text says the same without colours. */
type Meaning = 'good' | 'attention' | 'bad' | 'progress';

/** Colours for one stream; it changes nothing if the stream shows none. */
export interface Colours {
  /** The beginnings of the lines that tell the outcome. */
  lines(text: string): string;
  /** The done part of a bar. */
  bar(text: string, isFull: boolean): string;
}

const FORMATS = {
  good: 'green',
  attention: 'yellow',
  bad: 'red',
  progress: 'cyan',
} as const satisfies Record<Meaning, string>;

/** The beginnings of lines that have a colour. Lines with ids or names of data are indented, so that none of them matches. */
export const COLOURED_LINES: readonly (readonly [RegExp, Meaning])[] = [
  [/^rollcall:/, 'bad'],
  [/^Done in [^:]+:/, 'good'],
  [/^The guard accepts this plan\./, 'good'],
  [/^The guard would stop this plan:/, 'bad'],
  [/^(Would be deleted|Not deleted, because [^:]+):/, 'bad'],
  [/^(Rejected|Refused by Okta)[^:]*:/, 'attention'],
  [/^new state:/, 'attention'],
  [/^ok(?= {6})/, 'good'],
  [/^warning(?= {2})/, 'attention'],
  [/^fault(?= {4})/, 'bad'],
];

/** The colours of the two streams of a command. */
export interface StreamColours {
  readonly out: Colours;
  readonly err: Colours;
}

/** No colours. */
export const PLAIN: Colours = Object.freeze({ lines: (text: string) => text, bar: (text: string) => text });

/** No colours on either stream. */
export const NO_COLOURS: StreamColours = Object.freeze({ out: PLAIN, err: PLAIN });

const COLOURED: Colours = {
  lines: (text) => text.split('\n').map(coloured).join('\n'),
  bar: (text, isFull) => painted(isFull ? 'good' : 'progress', text),
};

/**
 * The colours of a stream. A terminal that can show colours has them; `NO_COLOR`, `NODE_DISABLE_COLORS` and `TERM=dumb` turn them off, and
 * `FORCE_COLOR` turns them on, also in a pipe, as in Node itself.
 *
 * @param flag - `--color` or `--no-color`, which count more than the environment
 */
export function coloursOf({ isTTY }: Output, env: Environment, flag?: boolean): Colours {
  const isOn = flag ?? ((isTTY === true || env['FORCE_COLOR'] !== undefined) && hasColours(env));
  return isOn ? COLOURED : PLAIN;
}

/** Node's own reading of the environment. More than one bit is colours. */
function hasColours(env: Environment): boolean {
  return WriteStream.prototype.getColorDepth(env) > 1;
}

function coloured(line: string): string {
  for (const [pattern, meaning] of COLOURED_LINES) {
    const [start] = pattern.exec(line) ?? [];
    if (start !== undefined) return painted(meaning, start) + line.slice(start.length);
  }
  return line;
}

function painted(meaning: Meaning, text: string): string {
  // The stream was decided on above; Node must not look at the environment of this process again.
  return text === '' ? '' : styleText(FORMATS[meaning], text, { validateStream: false });
}
