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
  UserRecord,
} from './model.js';
export { LIMITS, type AttributeLimit } from './limits.js';

export * from './sources/index.js';

export { map } from './operators/map.js';
export { filter } from './operators/filter.js';
export { flatMap } from './operators/flat-map.js';
export { validate, type ValidateOptions } from './operators/validate.js';
export { diff, type DiffOptions } from './operators/diff.js';
export { guard, type GuardOptions } from './operators/guard.js';
export { GUARD_DEFAULTS, type GuardLimits } from './operators/guard-rules.js';
export { batch, type BatchOptions } from './operators/batch.js';

export { upload } from './session/upload.js';
export type { UploadOptions } from './session/options.js';

export { plan, startSync, sync, type PlanOptions, type RunningSync, type SyncOptions } from './sync.js';
export type { DirectoryOptions, DirectorySources } from './directory.js';
export type { EntityReport, Plan, SyncReport } from './report/reports.js';
export type { KindCounts, PlanSummary, UploadReport } from './report-types.js';
export type { ReadCounts, Rejection } from './run-context.js';
export type { SyncEvent, WaitReason } from './events.js';

export * from './errors.js';
export { systemClock, type Clock } from './clock.js';
