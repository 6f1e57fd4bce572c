import type { Entity } from '../core/model.js';

/** The last run before this one, for comparison. */
export interface LastRunFigures {
  /** ISO 8601, in UTC. */
  readonly endedAt: string;
  /** The records that it read, and the changes that Okta confirmed. */
  readonly entities: Readonly<
    Partial<Record<Entity, { read: number; created: number; updated: number; deleted: number }>>
  >;
}

/** Where a run took place: what a report says of it in its first lines. Everything is optional. */
export interface RunOrigin {
  readonly orgUrl?: string;
  readonly identitySourceId?: string;
  /** The files that were read, or the names of other sources. */
  readonly sources?: readonly string[];
  /** The command line, without secrets. */
  readonly command?: string;
  /** The command that approves a plan, without the hash at its end. */
  readonly approval?: string;
  /** The name of the machine. */
  readonly host?: string;
  /** The IANA name of the time zone that times are shown in beside UTC, such as `Europe/Berlin`. */
  readonly timeZone?: string;
  readonly lastRun?: LastRunFigures;
}
