import type { Entity } from '../../core/model.js';
import type { Rejection } from '../../core/rejection.js';
import type { GuardTrip } from '../../core/results.js';
import type { Touching } from '../../sync/trace/rows-in-flight.js';

/** An attribute of a record: its length, never its value. */
export interface ExplainedAttribute {
  readonly name: string;
  /** Characters; null for an attribute that is cleared. */
  readonly length: number | null;
}

/** What Okta was asked, and its answer. */
export type OktaAnswer =
  | { readonly found: true; readonly attributes: readonly string[]; readonly differing: readonly string[] }
  /** With `externalId`, the id that was asked for is Okta's own id of the group with this external id. */
  | { readonly found: false; readonly externalId?: string }
  /** It was not asked, or did not answer. */
  | { readonly found: 'unknown'; readonly why: string };

/** What the next sync would do with a user, group or membership. */
export interface NextStep {
  readonly action: 'create' | 'update' | 'resend' | 'delete' | 'nothing';
  /** One sentence. */
  readonly reason: string;
}

/** One user, group or membership, as `explain` shows it. */
export interface Explained {
  readonly entity: Entity;
  /** Undefined if there is no source of this entity. */
  readonly places:
    | readonly {
        readonly file?: string;
        readonly line?: number;
        readonly position: number;
        readonly result: 'record' | 'leftOut' | 'notMapped';
        readonly attributes?: readonly ExplainedAttribute[];
      }[]
    | undefined;
  /** The number of places; more than are listed if there are many. */
  readonly matches: number;
  readonly rejections: readonly Rejection[];
  readonly state: {
    readonly row: 'confirmed' | 'unknown' | 'none';
    readonly absences: number;
    readonly refusedBefore: boolean;
  };
  readonly similar: readonly string[];
  readonly okta: OktaAnswer;
  readonly next: NextStep;
}

/** Where `explain --login` finds a login. */
export type LoginPlace = 'sources' | 'state' | 'Okta';

/** The outcome of `explain`. */
export interface ExplainReport {
  readonly id: string;
  /** With `--login`: where the login was found. */
  readonly loginIn?: readonly LoginPlace[];
  /** True if the sources, the state or Okta have the id. */
  readonly found: boolean;
  readonly explained: readonly Explained[];
  /** Sessions in flight, and their rows: the next sync settles them first. */
  readonly inFlight: {
    readonly sessions: number;
    readonly rows: number;
    /** The number of rows that are of the id, or memberships of it, and the first twenty. */
    readonly touching: Touching;
  };
  /** Limits of the guard that the whole plan exceeds. */
  readonly trips: readonly GuardTrip[];
}
