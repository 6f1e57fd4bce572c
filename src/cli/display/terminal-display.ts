import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import type { Clock } from '../../core/clock.js';
import type { Output } from '../process/io.js';
import { clipped, widthOf, wrapped } from '../text/width.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from './display.js';
import { ProgressModel, type ProgressRow } from './progress-model.js';

const LABEL_WIDTH = 12;
/** The columns of a bar, and where the terminal is narrow. */
const BAR_WIDTH = 24;
const NARROW_BAR_WIDTH = 12;
const NARROW = 80;

/** Shows live rows at the end of standard error, below the lines of past events; writes the outcome to standard output. */
export class TerminalDisplay implements Display {
  readonly #out: Output;
  readonly #err: Output;
  readonly #clock: Clock;
  readonly #model = new ProgressModel();
  readonly #bars: SingleBar[] = [];
  readonly #multi: MultiBar;
  readonly #last: string[] = [];
  #ended = false;

  /** @param ascii - draws bars of ASCII characters */
  constructor(out: Output, err: Output, clock: Clock, ascii = false) {
    this.#out = out;
    this.#err = err;
    this.#clock = clock;
    this.#multi = new cliProgress.MultiBar({
      stream: err as unknown as NodeJS.WritableStream,
      barsize: (widthOf(err) ?? NARROW) < NARROW ? NARROW_BAR_WIDTH : BAR_WIDTH,
      barCompleteChar: ascii ? '#' : '█',
      barIncompleteChar: ascii ? '-' : '░',
      hideCursor: true,
      clearOnComplete: true,
      // The run handles signals, and removes the rows when it has ended.
      gracefulExit: false,
      fps: 10,
    });
  }

  progress(event: ProgressEvent): void {
    if (this.#ended) return;
    const line = this.#model.apply(event, this.#clock.now());
    if (line !== undefined) this.#multi.log(`${wrapped(line, widthOf(this.#err))}\n`);
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
    this.#multi.update();
    this.#multi.stop();
  }

  outcome(_event: OutcomeEvent, text: string): void {
    this.#clear();
    this.#out.write(`${wrapped(text, widthOf(this.#out))}\n`);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#clear();
    this.#err.write(`${wrapped(text, widthOf(this.#err))}\n`);
  }

  /** Creates or removes bars, so that there is one for each row. Each bar computes its row when it is drawn. */
  #fitRows(): void {
    const rows = this.#model.rows(this.#clock.now()).length;
    while (this.#bars.length < rows) {
      const at = this.#bars.length;
      const format = (options: Parameters<typeof cliProgress.Format.BarFormat>[1]) => {
        const row = this.#model.rows(this.#clock.now())[at];
        return row === undefined ? '' : clipped(drawRow(row, options), widthOf(this.#err));
      };
      this.#bars.push(this.#multi.create(1, 0, {}, { format: format as unknown as string }));
    }
    while (this.#bars.length > rows) this.#multi.remove(this.#bars.pop() as SingleBar);
  }
}

function drawRow(row: ProgressRow, options: Parameters<typeof cliProgress.Format.BarFormat>[1]): string {
  const label = row.label.padEnd(LABEL_WIDTH);
  if (row.bar === undefined) return `${label}${row.text}`;
  const { value, total } = row.bar;
  return `${label}${cliProgress.Format.BarFormat(total === 0 ? 1 : value / total, options)}  ${row.text}`;
}
