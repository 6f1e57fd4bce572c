import { checkUniqueLogins } from './check-unique-logins.js';
import { refuseUnknown, requireBoolean, requireFunction } from '../core/check-options.js';
import { OptionsError } from '../core/errors.js';
import { checkModes, modeOf } from '../core/mode.js';
import { ENTITIES, type Entity } from '../core/model.js';
import type { PlannedChange } from '../core/planned-change.js';
import type { Rejection } from '../core/rejection.js';
import { checkSelection, type SelectionOptions } from '../diff/selection.js';
import type { SyncEvent } from '../events/events.js';
import type { GuardOptions } from '../guard/guard.js';
import type { EntityReader } from '../okta/read-one.js';
import type { OktaClient } from '../okta/wire.js';
import type { StateStore } from '../state/store.js';
import { UPLOAD_OPTION_NAMES, type UploadOptions } from '../upload/upload-options.js';
import type { DirectoryOptions } from './directory-changes.js';

/** Options of {@link plan}. */
export interface PlanOptions extends DirectoryOptions, SelectionOptions {
  readonly state: StateStore;
  /** Limits of the guard; see `guard`. */
  readonly guard?: Omit<GuardOptions, 'approve' | 'clock' | 'onPlan'>;
  /** Called with every rejected record. */
  readonly onReject?: (rejection: Rejection) => void;
  /**
   * Called with every change of the plan, in parts and in no particular order, before the guard decides; a promise that it returns is
   * waited for. The parts are the plan only if the run reaches its guard. An error that it throws ends the run before anything is sent.
   */
  readonly onPlanned?: (changes: readonly PlannedChange[]) => void | Promise<void>;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Options of {@link sync} and {@link startSync}. */
export interface SyncOptions extends PlanOptions, Omit<UploadOptions, 'signal' | 'events'> {
  /** The client; `verifySample` needs one that reads single entities, as `createClient` returns. */
  readonly okta: OktaClient & Partial<EntityReader>;
  /** The hash of an approved plan: this plan passes even if it exceeds limits of the guard, and no other plan passes. */
  readonly approve?: string;
  /** Called with every event. An error that it throws is ignored. */
  readonly onEvent?: (event: SyncEvent) => void;
  /**
   * The position up to which a delta feed was read. A function is called when the sources have been read to the end, before
   * anything is sent, because records that change during sending belong to the next run. The next run gets the value from
   * `readWatermark`. It is stored if Okta confirmed or refused everything. Records of the feeds that were rejected or refused are *owed*:
   * the state remembers their ids, and `readWatermark` returns to the part of the feed that contains them at growing intervals. If more
   * than 10,000 records are owed, the watermark is not stored, and the same part of the feed must be read again. If all sources are in
   * mode `full`, it is not stored if any record was rejected or refused.
   */
  readonly watermark?: string | (() => string | Promise<string>);
  /** Whether the feeds were read from the watermark that `readWatermark` returns with `owed: 'all'`. @defaultValue `false` */
  readonly retryOwed?: boolean;
  /**
   * After the run, reads so many of the changes that Okta confirmed back from Okta, one by one, chosen at random, and reports what is
   * missing or differs as `sample`. What is missing becomes unknown in the state, and the next run sends it again.
   * @defaultValue `0`
   */
  readonly verifySample?: number;
  /** Numbers from 0 to 1, for `verifySample`. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** The names of {@link PlanOptions}. */
export const PLAN_OPTION_NAMES: readonly string[] = [
  'state',
  'users',
  'groups',
  'memberships',
  'validate',
  'onCreate',
  'uniqueLogins',
  'completeFor',
  'onDuplicate',
  'mixed',
  'absence',
  'mode',
  'screening',
  'clock',
  'resend',
  'only',
  'first',
  'guard',
  'onReject',
  'onPlanned',
  'signal',
];
/** The names of {@link SyncOptions}. */
export const SYNC_OPTION_NAMES: readonly string[] = [
  ...PLAN_OPTION_NAMES,
  ...UPLOAD_OPTION_NAMES.filter((name) => name !== 'events'),
  'okta',
  'approve',
  'onEvent',
  'watermark',
  'retryOwed',
  'verifySample',
  'random',
];

/** @throws {@link OptionsError} for options of a plan that do not fit together */
export function checkSources(options: PlanOptions): void {
  checkSelection(options);
  if (options.onPlanned !== undefined) requireFunction('onPlanned', options.onPlanned);
  if (ENTITIES.every((entity) => options[entity] === undefined)) {
    throw new OptionsError('users', 'expected a source for at least one of users, groups and memberships');
  }
  requireBoolean('screening', options.screening ?? true);
  checkUniqueLogins(options.uniqueLogins);
  checkModes(options.mode ?? 'full');
  refuseUnknown('onCreate', options.onCreate ?? {}, ['users', 'groups']);
  const [feed] = feedsOf(options);
  if (options.resend !== undefined && feed !== undefined)
    throw new OptionsError(
      'resend',
      `not possible with mode "delta" of ${feed}: a feed does not contain unchanged records`,
    );
}

/** The entities whose source is a feed of changes. */
export function feedsOf(options: DirectoryOptions): Entity[] {
  return ENTITIES.filter(
    (entity) => options[entity] !== undefined && modeOf(options.mode, entity) === 'delta',
  );
}

/** The options of `upload` among those of `sync`. */
export function pickUploadOptions(options: SyncOptions): UploadOptions {
  const entries = Object.entries(options).filter(([name]) => UPLOAD_OPTION_NAMES.includes(name));
  return Object.fromEntries(entries);
}
