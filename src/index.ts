/**
 * The functions, records, reports and errors of the flow, in its order. Types that TypeScript infers are in `rollcall/types`. The examples
 * take a client `okta`, a state `state`, records `people` and the options of a sync `options` for granted.
 *
 * @module rollcall
 * @packageDocumentation
 */
export { pipe } from './flow/pipe.js';
export type { Flow, Operator, Sink, Source } from './flow/flow.js';

export type {
  Batch,
  Change,
  Entity,
  GroupRecord,
  Guarded,
  MembershipRecord,
  Profile,
  RemovedRecord,
  UserRecord,
  Valid,
} from './core/model.js';
export { LIMITS } from './core/limits.js';

export { fromCsv } from './sources/csv/from-csv.js';
export type { CsvRow } from './sources/csv/columns.js';
export { fromJson } from './sources/json/from-json.js';
export { fromJsonLines } from './sources/json/from-json-lines.js';
export { fromPages } from './sources/from-pages.js';
export { fromObservable, toObservable } from './flow/observable.js';
export { toGroup, toMembership, toUser, type FlatRow } from './transform/to-records.js';
export { groupFrom, membershipFrom, userFrom } from './transform/records-from-columns.js';

export { map } from './transform/map.js';
export { filter } from './transform/filter.js';
export { flatMap } from './transform/flat-map.js';
export { validate } from './validate/validate.js';
export { refusedRecord } from './validate/refused-record.js';
export { diff } from './diff/diff.js';
export { guard, unguarded } from './guard/guard.js';
export { GUARD_DEFAULTS } from './guard/guard-limits.js';
export { batch } from './batch/batch.js';
export { upload } from './upload/upload.js';
export { toCsv, toJsonLines } from './report/files/to-files.js';

export { adopt } from './sync/adopt.js';
export { adoptVerified } from './verify/adopt-verified.js';
export { verify } from './verify/verify.js';
export { plan, startSync, sync, type RunningSync, type SyncOptions } from './sync/sync.js';
export { forgetOwed, readOwed, readWatermark } from './sync/watermark.js';
export type { DirectorySources } from './sync/directory-changes.js';
export type { GuardTrip, Plan, SyncReport, UploadReport } from './core/results.js';
export type { Rejection } from './core/rejection.js';
export { createRunReport } from './report/run-report.js';

export type { SyncEvent } from './events/events.js';
export { metrics, type MetricSink } from './events/metrics.js';
export { logEvents } from './events/log-events.js';

export { createClient } from './okta/client.js';
export type { OktaClient } from './okta/wire.js';
export { openState } from './state/open-state.js';
export type { StateStore } from './state/store.js';

export {
  AbortedError,
  BusyError,
  ForeignSessionError,
  GuardError,
  OktaAuthError,
  OktaGatewayError,
  OktaHttpError,
  OktaNetworkError,
  OktaResponseError,
  OptionsError,
  OutputError,
  PollTimeoutError,
  ReadBackError,
  RecordError,
  RollcallError,
  SessionError,
  SourceError,
  StateError,
} from './core/errors.js';
export { isResumable } from './core/resumable.js';
