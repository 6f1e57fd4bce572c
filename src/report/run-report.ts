import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError, OutputError } from '../core/errors.js';
import type { SyncEvent } from '../events/events.js';
import type { Entity } from '../core/model.js';
import { refuseUnknown } from '../core/check-options.js';
import type { ChangeOutcome, PlanSummary } from '../core/results.js';
import { ChangesFile } from './changes-file.js';
import { withOutput } from './files/output.js';
import { RejectsFile } from './rejects-file.js';
import { reportPage } from './page/page.js';
import { SessionLog } from './session-log.js';
import { summarize, uploadOf, type RunResult } from './summarize.js';
import type { RunSummary } from './summary.js';

/** Options of {@link createRunReport}. */
export interface RunReportOptions {
  /** The directory for the files; made, with mode 0700, where there is none. Files of an earlier report are replaced. */
  readonly directory: string;
  /** Give the clock of the run. @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Whether profile values are in the files: never. @defaultValue `false` */
  readonly values?: false;
}

/** The paths of a report's files. */
export interface ReportFiles {
  /** `summary.json`: see {@link RunSummary}. */
  readonly summary: string;
  /** `changes.csv`: what became of each change. */
  readonly changes: string;
  /** `rejects.csv`: every record that rollcall rejected or Okta refused. */
  readonly rejects: string;
  /** `report.html`: the page for a person. */
  readonly page: string;
}

/** Gathers what happens in one run, and writes it to files. The functions need no `this`. */
export interface RunReport {
  /** For `onEvent` of `sync`, or to subscribe to its `events$`. Never throws. */
  readonly observe: (event: SyncEvent) => void;
  /** For `onOutcome` of `sync` and `upload`: writes a session's rows of `changes.csv`. Never throws. */
  readonly outcomes: (list: readonly ChangeOutcome[]) => void;
  /**
   * Writes the files, from what was seen and what the run came to: the report of `sync`, the plan of `plan`, or the
   * error that ended it. Once only.
   *
   * @throws {@link OutputError} when a file cannot be written; those of an earlier report are untouched then.
   */
  readonly finish: (result: RunResult) => Promise<ReportFiles>;
}

/**
 * A report of one run as files: `summary.json`, `changes.csv`, `rejects.csv` and `report.html`. They have mode 0600 and
 * appear whole or not at all, at {@link RunReport.finish}; rows are written as they come, so that memory does not
 * grow with the run. They hold external ids and names of attributes, and no profile value.
 *
 * @throws {@link OptionsError} for an option of no use; {@link OutputError} when the directory cannot be made or written.
 */
export function createRunReport(options: RunReportOptions): RunReport {
  refuseUnknown('createRunReport', options, ['directory', 'clock', 'values']);
  const { directory, clock = systemClock, values = false } = options;
  if (typeof directory !== 'string' || directory === '')
    throw new OptionsError('directory', 'expected the path of a directory');
  if (values !== false)
    throw new OptionsError('values', 'expected false: reports never contain profile values');
  makeDirectory(directory);
  const run = new ObservedRun(directory, clock);
  return {
    observe: (e) => run.observe(e),
    outcomes: (list) => run.outcomes(list),
    finish: (r) => run.finish(r),
  };
}

class ObservedRun {
  readonly #clock: Clock;
  readonly #directory: string;
  readonly #startedAt: number;
  readonly #changes: ChangesFile;
  readonly #rejects: RejectsFile;
  readonly #log = new SessionLog();
  readonly #sources = new Map<Entity, { readonly read: number; readonly rejected: number }>();
  #plan: PlanSummary | undefined;
  #plannedAt: number | undefined;
  #finished = false;

  constructor(directory: string, clock: Clock) {
    this.#clock = clock;
    this.#directory = directory;
    this.#startedAt = clock.now();
    this.#changes = new ChangesFile(directory);
    this.#rejects = new RejectsFile(directory);
  }

  observe(event: SyncEvent): void {
    if (this.#finished) return;
    if (event.type === 'record:rejected') {
      const { entity, position } = event.rejection;
      this.#rejects.add('rollcall', event.rejection);
      this.#reads(entity, position, 1);
    } else if (event.type === 'source:progress') {
      this.#reads(event.entity, event.read, 0);
    } else if (event.type === 'source:end') {
      this.#sources.set(event.entity, { read: event.read, rejected: event.rejected });
    } else if (event.type === 'plan:ready') {
      this.#plan = event.plan;
      this.#plannedAt = this.#clock.now();
    } else {
      this.#log.observe(event, this.#clock.now());
    }
  }

  /** As far as it is known of a source that may never come to its end. */
  #reads(entity: Entity, read: number, rejected: number): void {
    const before = this.#sources.get(entity);
    this.#sources.set(entity, {
      read: Math.max(before?.read ?? 0, read),
      rejected: (before?.rejected ?? 0) + rejected,
    });
  }

  outcomes(list: readonly ChangeOutcome[]): void {
    if (this.#finished) return;
    for (const outcome of list) this.#changes.add(outcome);
  }

  async finish(result: RunResult): Promise<ReportFiles> {
    if (this.#finished) throw new OutputError('finish was already called for this report', this.#directory);
    this.#finished = true;
    try {
      const summary = this.#summary(result);
      return await this.#write(summary);
    } catch (error) {
      this.#changes.file.discard();
      this.#rejects.file.discard();
      throw error;
    }
  }

  #summary(result: RunResult): RunSummary {
    const endedAt = this.#clock.now();
    this.#log.close(endedAt);
    // A plan has no events: what it rejected is told by the plan itself, as far as it keeps it.
    if (!(result instanceof Error) && this.#rejects.counts.rollcall === 0)
      for (const rejection of result.rejections) this.#rejects.add('rollcall', rejection);
    for (const rejection of uploadOf(result)?.refused ?? []) this.#rejects.add('okta', rejection);
    const record = {
      changes: this.#changes,
      rejects: this.#rejects,
      log: this.#log,
      sources: this.#sources,
      plan: this.#plan,
      plannedAt: this.#plannedAt,
      startedAt: this.#startedAt,
      endedAt,
    };
    return summarize(record, result);
  }

  /** Everything is written before the first file takes its name, and the summary takes its name last. */
  async #write(summary: RunSummary): Promise<ReportFiles> {
    const files = {
      summary: join(this.#directory, 'summary.json'),
      changes: this.#changes.file.path,
      rejects: this.#rejects.file.path,
      page: join(this.#directory, 'report.html'),
    };
    const page = reportPage(summary);
    await withOutput(files.summary, async (write) => {
      await write(`${JSON.stringify(summary, null, 2)}\n`);
      await withOutput(files.page, async (writePage) => {
        await writePage(page);
        this.#changes.file.seal();
        this.#rejects.file.seal();
      });
      this.#changes.file.commit();
      this.#rejects.file.commit();
    });
    return files;
  }
}

/** Told now, and not after hours of sending. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    throw new OutputError(`the directory cannot be written (${String(code)})`, directory, { cause: error });
  }
}
