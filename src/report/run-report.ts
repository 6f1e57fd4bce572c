import { join } from 'node:path';
import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError, OutputError } from '../core/errors.js';
import type { SyncEvent } from '../events/events.js';
import type { Entity } from '../core/model.js';
import { refuseUnknown } from '../core/check-options.js';
import type { ChangeOutcome, PlanSummary } from '../core/results.js';
import { ChangesFile } from './changes-file.js';
import { makeDirectory } from './files/make-directory.js';
import { withOutput } from './files/output.js';
import { RejectsFile } from './rejects-file.js';
import { reportPage } from './page/page.js';
import { SessionLog } from './session-log.js';
import { summarize, uploadOf, type RunResult } from './summarize.js';
import type { RunSummary } from './summary.js';

/** Options of {@link createRunReport}. */
export interface RunReportOptions {
  /** The directory for the files; created with mode 0700 if it does not exist. Files of an earlier report are replaced. */
  readonly directory: string;
  /** The clock of the run. @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Must be false: the files never contain profile values. @defaultValue `false` */
  readonly values?: false;
}

/** The paths of a report's files. */
export interface ReportFiles {
  /** `summary.json`: see {@link RunSummary}. */
  readonly summary: string;
  /** `changes.csv`: the outcome of each change. */
  readonly changes: string;
  /** `rejects.csv`: every record that rollcall rejected or Okta refused. */
  readonly rejects: string;
  /** `report.html`: the report for people. */
  readonly page: string;
}

/** Collects the events and outcomes of one run, and writes them to files. The functions can be passed without `this`. */
export interface RunReport {
  /** Receives events: pass it as `onEvent` of `sync`, or subscribe it to `events$`. Never throws. */
  readonly observe: (event: SyncEvent) => void;
  /** Receives outcomes, and writes them to `changes.csv`: pass it as `onOutcome` of `sync` or `upload`. Never throws. */
  readonly outcomes: (list: readonly ChangeOutcome[]) => void;
  /**
   * Writes the files. `result` is the report of `sync`, the plan of `plan`, or the error that ended the run. Call it
   * once only.
   *
   * @throws {@link OutputError} if a file cannot be written; the files of an earlier report are then unchanged.
   */
  readonly finish: (result: RunResult) => Promise<ReportFiles>;
}

/**
 * Creates a report of one run as files: `summary.json`, `changes.csv`, `rejects.csv` and `report.html`. The files have
 * mode 0600. {@link RunReport.finish} completes them; a file that cannot be completed does not appear. Rows are written
 * during the run, so that memory does not grow with it. The files contain external ids and names of attributes, but no
 * profile values.
 *
 * @throws {@link OptionsError} for an invalid option; {@link OutputError} if the directory cannot be created or written.
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

  /** Updates the counts of a source that is still being read, in case it is never read to its end. */
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
    // A plan emits no events: its rejections come from the plan itself, which keeps the first thousand.
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

  /** Writes everything before it renames the first file; the summary is renamed last. */
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
