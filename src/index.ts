// The public surface, in the order of the flow.
export { pipe } from './flow/pipe.js';
export type { Flow, ObservableLike, Operator, Sink, Source } from './flow/flow.js';
export type { Chunk, Places } from './flow/chunk.js';

export type {
  Batch,
  Change,
  ChangeKind,
  DirectoryRecord,
  Entity,
  Fingerprint,
  GroupRecord,
  Guarded,
  MembershipRecord,
  Profile,
  RecordOf,
  RemovedMembership,
  RemovedRecord,
  UserRecord,
  Valid,
} from './core/model.js';
export { LIMITS, type AttributeLimit } from './core/limits.js';

export { fromCsv, type FromCsvOptions } from './sources/csv/from-csv.js';
export type { CsvColumns, CsvRow } from './sources/csv/columns.js';
export { fromJson, type FromJsonOptions } from './sources/json/from-json.js';
export { fromJsonLines, type FromJsonLinesOptions } from './sources/json/from-json-lines.js';
export { fromPages, type FromPagesOptions, type Page } from './sources/from-pages.js';
export { fromObservable, toObservable, type FromObservableOptions } from './flow/observable.js';
export { toGroup, toMembership, toUser, type FlatRow, type RecordOptions } from './transform/to-records.js';
export {
  groupFrom,
  membershipFrom,
  userFrom,
  type RecordColumns,
  type RecordFromOptions,
} from './transform/records-from-columns.js';
export type { Input, InputChunk, InputOptions } from './sources/input/input.js';

export { map } from './transform/map.js';
export { filter } from './transform/filter.js';
export { flatMap } from './transform/flat-map.js';
export { validate } from './validate/validate.js';
export type { ValidateOptions } from './validate/validate-options.js';
export { diff, type DiffOptions } from './diff/diff.js';
export type { AbsenceOptions } from './diff/absence-rules.js';
export { guard, unguarded, type GuardOptions } from './guard/guard.js';
export { GUARD_DEFAULTS, type GuardLimits } from './guard/guard-rules.js';
export { batch, type BatchOptions } from './batch/batch.js';

export { toCsv, toJsonLines, type ToCsvOptions, type WrittenFile } from './report/files/to-files.js';
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
export { upload } from './upload/upload.js';
export type { UploadOptions } from './upload/upload-options.js';

export { adopt, type AdoptOptions, type AdoptReport } from './sync/adopt.js';
export {
  plan,
  readWatermark,
  startSync,
  sync,
  type PlanOptions,
  type RunningSync,
  type SyncOptions,
} from './sync/sync.js';
export type { DirectoryOptions, DirectorySources } from './sync/directory-changes.js';
export type { EntityReport, Plan, SyncReport } from './core/results.js';
export type {
  AttributeChanges,
  ChangeOutcome,
  KindCounts,
  PlanSummary,
  UploadReport,
} from './core/results.js';
export type { ReadCounts, Rejection } from './core/rejection.js';
export type { SyncEvent, WaitReason } from './events/events.js';

export {
  metrics,
  type DurationName,
  type MetricAttributes,
  type MetricName,
  type MetricSink,
} from './events/metrics.js';
export { logEvents, type Logger, type LogOptions } from './events/log-events.js';
export { refusedRecord } from './validate/refused-record.js';

export { createClient } from './okta/client.js';
export type { ClientOptions } from './okta/client-options.js';
export type {
  AppUser,
  DirectoryClient,
  OktaGroup,
  OktaPage,
  OktaUser,
  OrgGroup,
  PageOptions,
  SchemaAttribute,
} from './okta/directory-client.js';
export type { Attempt, Authorizer, TokenSource } from './okta/sign-in/auth.js';
export type { OAuthOptions } from './okta/sign-in/oauth-options.js';
export type {
  KeySource,
  PrivateJwk,
  PrivateKey,
  Signer,
  SigningAlgorithm,
} from './okta/sign-in/private-key.js';
export type { ProxyOption } from './okta/proxy.js';
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

export { openState, type OpenStateOptions } from './state/lmdb/open-state.js';
export {
  exportState,
  importState,
  verifyState,
  type ImportOptions,
  type StateRowCounts,
} from './state/export-import.js';
export { memoryState, MemoryDisk, type MemoryStateOptions } from './state/memory/memory-state.js';
export {
  IMPORT_UNFINISHED,
  Reference,
  Seen,
  UNKNOWN,
  type AdoptedRow,
  type EntityCounts,
  type Held,
  type HeldRow,
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
  OktaGatewayError,
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
} from './core/errors.js';
export type { GuardTrip } from './core/results.js';
export { systemClock, type Clock } from './core/clock.js';
