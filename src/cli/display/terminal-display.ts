import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import type { Clock } from '../../core/clock.js';
import type { Output } from '../process/io.js';
import { clipped, widthOf, wrapped } from '../text/width.js';
import { NO_COLOURS, type StreamColours } from './colours.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from './display.js';
import { ProgressModel } from './progress-model.js';
import type { ProgressRow } from './progress-row.js';

const LABEL_WIDTH = 12;
/** The columns of a bar, and where the terminal is narrow. */
const BAR_WIDTH = 24;
const NARROW_BAR_WIDTH = 12;
const NARROW = 80;

/** What a terminal can show. */
export interface TerminalLook {
  /** Draws bars of ASCII characters. @defaultValue false */
  readonly ascii?: boolean;
  /** @defaultValue none */
  readonly colours?: StreamColours;
}

/** Shows live rows at the end of standard error, below the lines of past events; writes the outcome to standard output. */
export class TerminalDisplay implements Display {
  readonly #out: Output;
  readonly #err: Output;
  readonly #clock: Clock;
  readonly #model = new ProgressModel();
  readonly #bars: SingleBar[] = [];
  readonly #multi: MultiBar;
  readonly #colours: StreamColours;
  readonly #last: string[] = [];
  /** The characters of a bar: done, and still to do. */
  readonly #marks: readonly [string, string];
  #ended = false;

  constructor(
    out: Output,
    err: Output,
    clock: Clock,
    { ascii = false, colours = NO_COLOURS }: TerminalLook = {},
  ) {
    this.#out = out;
    this.#err = err;
    this.#clock = clock;
    this.#colours = colours;
    this.#marks = ascii ? ['#', '-'] : ['█', '░'];
    this.#multi = new cliProgress.MultiBar({
      stream: err as unknown as NodeJS.WritableStream,
      hideCursor: true,
      clearOnComplete: true,
      // The run handles signals, and removes the rows when it has ended.
      gracefulExit: false,
      fps: 10,
    });
  }

  progress(event: ProgressEvent): void {
    if (this.#ended) return;
    for (const line of this.#model.apply(event, this.#clock.now())) this.#stay(line);
    this.#fitRows();
    // These events are frequent: the display shows them at its own pace (fps).
    if (event.type !== 'batch:sent' && event.type !== 'source:progress' && event.type !== 'record:rejected')
      this.#multi.update();
  }

  end(): void {
    this.#clear();
    for (const line of this.#last.splice(0)) this.#err.write(`${line}\n`);
  }

  atEnd(line: string): void {
    this.#last.push(line);
  }

  #clear(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#bars.length === 0) return;
    for (const row of this.#model.openSessions(this.#clock.now())) this.#stay(row);
    this.#multi.update();
    this.#multi.stop();
  }

  outcome(_event: OutcomeEvent, text: string): void {
    this.#clear();
    this.#out.write(`${this.#colours.out.lines(wrapped(text, widthOf(this.#out)))}\n`);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#clear();
    this.#err.write(`${this.#colours.err.lines(wrapped(text, widthOf(this.#err)))}\n`);
  }

  /** Writes a line, or the last row of a session, above the live rows. It stays there. */
  #stay(line: string | ProgressRow): void {
    const width = widthOf(this.#err);
    const text =
      typeof line === 'string'
        ? this.#colours.err.lines(wrapped(line, width))
        : this.#paint(line, wrapped(this.#draw(line), width));
    this.#multi.log(`${text}\n`);
  }

  /** Creates or removes bars, so that there is one for each row. Each bar computes its row when it is drawn. */
  #fitRows(): void {
    const rows = this.#model.rows(this.#clock.now()).length;
    while (this.#bars.length < rows) {
      const at = this.#bars.length;
      const format = () => {
        const row = this.#model.rows(this.#clock.now())[at];
        return row === undefined ? '' : this.#paint(row, clipped(this.#draw(row), widthOf(this.#err)));
      };
      this.#bars.push(this.#multi.create(1, 0, {}, { format: format as unknown as string }));
    }
    while (this.#bars.length > rows) this.#multi.remove(this.#bars.pop() as SingleBar);
  }

  #draw({ label, bar, text }: ProgressRow): string {
    const start = label.padEnd(LABEL_WIDTH);
    if (bar === undefined) return text === '' ? label : `${start} ${text}`;
    const [width, done] = this.#barWidths(bar);
    const [complete, incomplete] = this.#marks;
    return `${start} ${complete.repeat(done)}${incomplete.repeat(width - done)}  ${text}`;
  }

  /** Colours the done part of the bar in a row that was drawn, and fits the terminal. */
  #paint({ bar }: ProgressRow, drawn: string): string {
    if (bar === undefined) return drawn;
    const [, done] = this.#barWidths(bar);
    const [from, to] = [LABEL_WIDTH + 1, LABEL_WIDTH + 1 + done];
    const painted = this.#colours.err.bar(drawn.slice(from, to), bar.value >= bar.total);
    return `${drawn.slice(0, from)}${painted}${drawn.slice(to)}`;
  }

  /** The columns of a bar, and of its done part. */
  #barWidths({ value, total }: NonNullable<ProgressRow['bar']>): readonly [number, number] {
    const width = (widthOf(this.#err) ?? NARROW) < NARROW ? NARROW_BAR_WIDTH : BAR_WIDTH;
    return [width, total === 0 ? width : Math.floor((value / total) * width)];
  }
}
