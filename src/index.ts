// The public surface, in the order of the flow.
export { pipe } from './pipe.js';
export type { Flow, ObservableLike, Operator, Sink, Source } from './flow.js';

export type {
  Batch,
  Change,
  ChangeKind,
  DirectoryRecord,
  Entity,
  GroupRecord,
  MembershipRecord,
  Profile,
  RecordOf,
  RemovedMembership,
  RemovedRecord,
  UserRecord,
} from './model.js';
export { LIMITS, type AttributeLimit } from './limits.js';

export { fromCsv, type FromCsvOptions } from './sources/csv.js';
export type { CsvColumns, CsvRow } from './sources/csv-columns.js';
export { fromJson, type FromJsonOptions } from './sources/json.js';
export { fromJsonLines, type FromJsonLinesOptions } from './sources/json-lines.js';
export { fromPages, type FromPagesOptions, type Page } from './sources/pages.js';
export { fromObservable, toObservable, type FromObservableOptions } from './sources/observable.js';
export { toGroup, toMembership, toUser, type FlatRow, type RecordOptions } from './sources/records.js';
export {
  groupFrom,
  membershipFrom,
  userFrom,
  type RecordColumns,
  type RecordFromOptions,
} from './sources/record-from.js';
export type { Input, InputChunk, InputOptions } from './sources/input.js';

export { map } from './operators/map.js';
export { filter } from './operators/filter.js';
export { flatMap } from './operators/flat-map.js';
export { validate, type ValidateOptions } from './operators/validate.js';
export { diff, type DiffOptions } from './operators/diff.js';
export type { AbsenceOptions } from './operators/absence.js';
export { guard, type GuardOptions } from './operators/guard.js';
export { GUARD_DEFAULTS, type GuardLimits } from './operators/guard-rules.js';
export { batch, type BatchOptions } from './operators/batch.js';

export { toCsv, toJsonLines, type ToCsvOptions, type WrittenFile } from './report/files.js';
export {
  createRunReport,
  type ReportFiles,
  type RunReport,
  type RunReportOptions,
} from './report/run-report.js';
export type { RunResult } from './report/summarize.js';
export type { RunStatus, RunSummary, SessionSummary, SourceSummary, WaitSummary } from './report/summary.js';
export type { AttributeCount } from './report/changes-file.js';
export type { RejectedBy, RejectedRecord, RejectReason } from './report/rejects-file.js';
export { upload } from './session/upload.js';
export type { UploadOptions } from './session/options.js';

export { adopt, type AdoptOptions, type AdoptReport } from './adopt.js';
export {
  plan,
  readWatermark,
  startSync,
  sync,
  type PlanOptions,
  type RunningSync,
  type SyncOptions,
} from './sync.js';
export type { DirectoryOptions, DirectorySources } from './directory.js';
export type { EntityReport, Plan, SyncReport } from './report/reports.js';
export type {
  AttributeChanges,
  ChangeOutcome,
  KindCounts,
  PlanSummary,
  UploadReport,
} from './report-types.js';
export type { ReadCounts, Rejection } from './run-context.js';
export type { SyncEvent, WaitReason } from './events.js';

export {
  metrics,
  type DurationName,
  type MetricAttributes,
  type MetricName,
  type MetricSink,
} from './metrics.js';
export { logEvents, type Logger, type LogOptions } from './logging.js';
export { refusedRecord } from './refused.js';

export { createClient } from './okta/client.js';
export type { ClientOptions } from './okta/client-options.js';
export type { Attempt, Authorizer, TokenSource } from './okta/auth.js';
export type { OAuthOptions } from './okta/oauth-options.js';
export type { KeySource, PrivateJwk, PrivateKey, Signer, SigningAlgorithm } from './okta/private-key.js';
export type { ProxyOption } from './okta/dispatcher.js';
export { isLostAnswer } from './okta/lost-answer.js';
export {
  TransportError,
  type CallOptions,
  type ClientWait,
  type EncodedBody,
  type GroupMembers,
  type OktaClient,
  type Session,
  type SessionStatus,
  type Transport,
  type WireRequest,
  type WireResponse,
} from './okta/wire.js';

export { openState, type OpenStateOptions } from './state/lmdb.js';
export { exportState, importState, verifyState, type StateRowCounts } from './state/transfer.js';
export { memoryState, MemoryDisk, type MemoryStateOptions } from './state/memory.js';
export {
  IMPORT_UNFINISHED,
  Reference,
  Seen,
  type EntityCounts,
  type Journal,
  type JournaledSession,
  type JournalPhase,
  type Lane,
  type Outbox,
  type PendingRow,
  type Reading,
  type SessionOutcome,
  type StateIdentity,
  type StateStore,
  type Target,
} from './state/store.js';

export {
  AbortedError,
  BusyError,
  ForeignSessionError,
  GuardError,
  OktaAuthError,
  OktaHttpError,
  OktaNetworkError,
  OktaResponseError,
  OptionsError,
  OutputError,
  PollTimeoutError,
  RecordError,
  RollcallError,
  SessionError,
  SourceError,
  StateError,
  type GuardTrip,
} from './errors.js';
export { systemClock, type Clock } from './clock.js';
