/**
 * Types of options and of parts of results. Programs rarely name them, because TypeScript infers them.
 *
 * @module rollcall/types
 * @packageDocumentation
 */
export type { AttributeLimit } from '../core/limits.js';
export type { Mode, Modes } from '../core/mode.js';
export type { CompleteFor } from '../diff/complete-for.js';
export type { ChangeKind, RecordOf, RemovedMembership } from '../core/model.js';
export type { PlannedChange, PlannedReason } from '../core/planned-change.js';
export type {
  AttributeChanges,
  ChangeOutcome,
  EntityReport,
  GroupLoss,
  GroupLosses,
  IdChange,
  IdChanges,
  UnclearedAttribute,
  KindCounts,
  OwedRecord,
  OwedReport,
  PlanSummary,
} from '../core/results.js';
export type { Chunk, Places } from '../flow/chunk.js';
export type { ObservableLike } from '../flow/flow.js';
export type { FromObservableOptions } from '../flow/observable.js';
export type { EventSink, WaitReason } from '../events/events.js';
export type { Logger, LogOptions } from '../events/log-events.js';
export type { DurationName, MetricAttributes, MetricName } from '../events/metrics.js';
export type { CsvColumns } from '../sources/csv/columns.js';
export type { FromCsvOptions } from '../sources/csv/from-csv.js';
export type { FromPagesOptions, Page } from '../sources/from-pages.js';
export type { Input, InputOptions } from '../sources/input/input.js';
export type { InputChunk } from '../sources/input/input-chunk.js';
export type { PathStep } from '../sources/json/array-locator.js';
export type { FromJsonLinesOptions } from '../sources/json/from-json-lines.js';
export type { FromJsonOptions } from '../sources/json/from-json.js';
export type { JsonNumbers } from '../sources/json/numbers.js';
export type { RecordColumns, RecordFromOptions } from '../transform/records-from-columns.js';
export type { RecordOptions } from '../transform/to-records.js';
export type { Refusal } from '../validate/refused-record.js';
export type { ValidateOptions } from '../validate/validate-options.js';
export type { AbsenceOptions } from '../diff/absence-rules.js';
export type { UniqueLoginsOptions } from '../diff/unique-logins.js';
export type { DiffOptions } from '../diff/diff.js';
export type { GuardOptions } from '../guard/guard.js';
export type { GuardLimits } from '../guard/guard-limits.js';
export type { BatchOptions } from '../batch/batch.js';
export type { UploadOptions } from '../upload/upload-options.js';
export type { AdoptOptions, AdoptReport } from '../sync/adopt.js';
export type { WatermarkOptions } from '../sync/watermark.js';
export type { DirectoryOptions } from '../sync/directory-changes.js';
export type { AdoptVerifiedOptions, AdoptVerifiedReport } from '../verify/adopt-verified.js';
export type { VerifyOptions } from '../verify/verify-options.js';
export type { EntityReader } from '../okta/read-one.js';
export type { SampleOutcome, SampleReport } from '../core/sample-results.js';
export type {
  Difference,
  DifferenceStatus,
  LaterImports,
  VerifyCounts,
  VerifyReport,
} from '../core/verify-results.js';
export type { PlanOptions } from '../sync/sync.js';
export type { SelectionOptions } from '../diff/selection.js';
export type { LastRunFigures, RunOrigin } from '../report/origin.js';
export type { AllowedValues, ChangeList, ListedChange } from '../report/planned-lists.js';
export type { ValueGroups } from '../report/value-groups.js';
export type { ToCsvOptions, WrittenFile } from '../report/files/to-files.js';
export type { Output } from '../report/files/output.js';
export type { AttributeCount } from '../report/changes-file.js';
export type { RejectedBy, RejectedRecord, RejectReason } from '../report/rejects-file.js';
export type { ReportFiles, RunReport, RunReportOptions } from '../report/run-report.js';
export type { RunResult } from '../report/summarize.js';
export type { RunStatus, RunSummary, SessionSummary, SourceSummary, WaitSummary } from '../report/summary.js';
