import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock, type Clock } from '../core/clock.js';
import { OptionsError, OutputError } from '../core/errors.js';
import type { SyncEvent } from '../events/events.js';
import { ENTITIES, type Entity } from '../core/model.js';
import type { PlannedChange } from '../core/planned-change.js';
import { refuseUnknown } from '../core/check-options.js';
import type { ChangeOutcome, PlanSummary } from '../core/results.js';
import { ChangesFile } from './changes-file.js';
import { makeDirectory } from './files/make-directory.js';
import { withOutput } from './files/output.js';
import type { RunOrigin } from './origin.js';
import { PlannedFile } from './planned-file.js';
import { PlannedLists, type AllowedValues } from './planned-lists.js';
import { RejectsFile } from './rejects-file.js';
import { reportPage } from './page/page.js';
import { SessionLog } from './session-log.js';
import { sourceSummary, summarize, uploadOf, type RunResult } from './summarize.js';
import type { RunSummary, SourceSummary } from './summary.js';

/** The most bytes of a file that the page contains, so that it can be mailed. */
const MOST_EMBEDDED = 1_000_000;

/** Options of {@link createRunReport}. */
export interface RunReportOptions {
  /** The directory for the files; created with mode 0700 if it does not exist. Files of an earlier report are replaced. */
  readonly directory: string;
  /** The clock of the run. @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Where the run takes place: what the page says first. The other parts of the report do not depend on it. */
  readonly origin?: RunOrigin;
  /** Must be false: the files never contain profile values, but those of `allowedValues`. @defaultValue `false` */
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
  /** `planned.csv`: every change of the plan; missing if the plan was not complete, or the report did not receive its changes. */
  readonly planned?: string;
}

/** Collects the events and outcomes of one run, and writes them to files. The functions can be passed without `this`. */
export interface RunReport {
  /** Receives events: pass it as `onEvent` of `sync`, or subscribe it to `events$`. Never throws. */
  readonly observe: (event: SyncEvent) => void;
  /** Receives the changes of the plan, and writes them to `planned.csv`: pass it as `onPlanned` of `sync` or `plan`. Never throws. */
  readonly planned: (changes: readonly PlannedChange[]) => void;
  /**
   * Receives the values of attributes that may be shown beside deletions: the page and `summary.json` then contain them, and the page
   * counts deletions by them. Without a call, no file has a profile value.
   */
  readonly allowedValues: (values: AllowedValues) => void;
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
 * profile values, except those that {@link RunReport.allowedValues} receives.
 *
 * @throws {@link OptionsError} for an invalid option; {@link OutputError} if the directory cannot be created or written.
 */
export function createRunReport(options: RunReportOptions): RunReport {
  refuseUnknown('createRunReport', options, ['directory', 'clock', 'origin', 'values']);
  const { directory, clock = systemClock, origin, values = false } = options;
  if (typeof directory !== 'string' || directory === '')
    throw new OptionsError('directory', 'expected the path of a directory');
  if (values !== false)
    throw new OptionsError('values', 'expected false: reports never contain profile values');
  makeDirectory(directory);
  const run = new ObservedRun(directory, clock, origin);
  return {
    observe: (e) => run.observe(e),
    planned: (changes) => run.planned(changes),
    allowedValues: (values) => run.allowedValues(values),
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
  readonly #planned: PlannedFile;
  readonly #lists = new PlannedLists();
  readonly #origin: RunOrigin | undefined;
  readonly #log = new SessionLog();
  readonly #sources = new Map<Entity, SourceSummary>();
  #plan: PlanSummary | undefined;
  #plannedAt: number | undefined;
  #finished = false;

  constructor(directory: string, clock: Clock, origin: RunOrigin | undefined) {
    this.#origin = origin;
    this.#clock = clock;
    this.#directory = directory;
    this.#startedAt = clock.now();
    this.#changes = new ChangesFile(directory);
    this.#rejects = new RejectsFile(directory);
    this.#planned = new PlannedFile(join(directory, 'planned.csv'));
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
      for (const entity of ENTITIES) {
        const source = event.sources[entity];
        if (source !== undefined) this.#sources.set(entity, sourceSummary(source));
      }
      this.#plannedAt = this.#clock.now();
    } else {
      this.#log.observe(event, this.#clock.now());
    }
  }

  /** Updates the counts of a source that is still being read, in case it is never read to its end. */
  #reads(entity: Entity, read: number, rejected: number): void {
    const before = this.#sources.get(entity);
    this.#sources.set(entity, {
      ...before,
      read: Math.max(before?.read ?? 0, read),
      rejected: (before?.rejected ?? 0) + rejected,
    });
  }

  outcomes(list: readonly ChangeOutcome[]): void {
    if (this.#finished) return;
    for (const outcome of list) {
      this.#changes.add(outcome);
      this.#lists.end(outcome);
    }
  }

  planned(changes: readonly PlannedChange[]): void {
    if (this.#finished) return;
    this.#planned.add(changes);
    this.#lists.add(changes);
  }

  allowedValues(values: AllowedValues): void {
    if (!this.#finished) this.#lists.show(values);
  }

  async finish(result: RunResult): Promise<ReportFiles> {
    if (this.#finished) throw new OutputError('finish was already called for this report', this.#directory);
    this.#finished = true;
    try {
      const summary = this.#summary(result);
      return await this.#write(summary);
    } catch (error) {
      for (const { file } of [this.#changes, this.#rejects, this.#planned]) file.discard();
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
      lists: this.#lists,
      origin: this.#origin,
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
    const planned = summary.planned === undefined ? undefined : this.#planned.file;
    const rows = [...(planned ? [planned] : []), this.#changes.file, this.#rejects.file];
    const text = `${JSON.stringify(summary, null, 2)}\n`;
    const contents = new Map<string, string | undefined>([
      ['summary.json', text.length > MOST_EMBEDDED ? undefined : text],
    ]);
    await withOutput(files.summary, async (write) => {
      await write(text);
      for (const file of rows) {
        file.seal();
        contents.set(basename(file.path), file.content(MOST_EMBEDDED));
      }
      await withOutput(files.page, (writePage) =>
        writePage(reportPage(summary, (name) => contents.get(name))),
      );
      for (const file of rows) file.commit();
      if (planned === undefined) this.#removePlanned();
    });
    return planned === undefined ? files : { ...files, planned: planned.path };
  }

  /** Removes the unfinished file of the plan, and one of an earlier report, which would not fit to this one. */
  #removePlanned(): void {
    const { file } = this.#planned;
    file.discard();
    try {
      rmSync(file.path, { force: true });
    } catch (error) {
      throw new OutputError('cannot be removed', file.path, { cause: error });
    }
  }
}
