import { RollcallError, type GuardError } from '../../core/errors.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { Undone } from '../commands/undone.js';

/** What a run found out before its end, for the message about it. */
export interface RunFacts {
  guard?: GuardError;
  undone?: Undone;
}

/** A message about a run that did not end well: counts, codes and rules, but no ids of people, no values and no texts of errors. */
export interface RunMessage {
  readonly type: `rollcall.run.${'failed' | 'stopped' | 'incomplete' | 'partial' | 'differs'}`;
  /** The end of the run, in UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly startedAt: string;
    readonly exitCode: ExitCode;
    /** A code of docs/operations.md. */
    readonly code?: string;
    readonly orgUrl?: string;
    readonly identitySourceId?: string;
    /** The limits that the plan exceeds, if the guard stopped it. */
    readonly trips?: readonly {
      readonly entity: string;
      readonly rule: string;
      readonly actual: number;
      readonly limit: number;
      /** The name of the lookup whose files are missing. */
      readonly lookup?: string;
    }[];
    /** The hash for `--approve`, if the guard stopped the plan. */
    readonly planHash?: string;
    /** Records and deletions that the run left undone. */
    readonly undone?: Undone;
  };
}

const TYPES: Readonly<Record<Exclude<ExitCode, 0>, RunMessage['type']>> = Object.freeze({
  [EXIT.FAILED]: 'rollcall.run.failed',
  [EXIT.USAGE]: 'rollcall.run.failed',
  [EXIT.GUARD]: 'rollcall.run.stopped',
  [EXIT.INCOMPLETE]: 'rollcall.run.incomplete',
  [EXIT.PARTIAL]: 'rollcall.run.partial',
  [EXIT.DIFFERS]: 'rollcall.run.differs',
});

/** The message about a run; undefined for one that left nothing undone. */
export function runMessage(
  times: { readonly startedAt: Date; readonly endedAt: Date },
  target: { readonly orgUrl?: string | undefined; readonly identitySource?: string | undefined },
  exitCode: ExitCode,
  { guard, undone }: RunFacts,
  error?: unknown,
): RunMessage | undefined {
  if (exitCode === EXIT.DONE) return undefined;
  const { orgUrl, identitySource } = target;
  const failure = error ?? guard;
  return {
    type: TYPES[exitCode],
    timestamp: times.endedAt.toISOString(),
    data: {
      startedAt: times.startedAt.toISOString(),
      exitCode,
      ...(failure instanceof RollcallError && { code: failure.code }),
      ...(orgUrl !== undefined && { orgUrl }),
      ...(identitySource !== undefined && { identitySourceId: identitySource }),
      ...(guard && {
        trips: guard.trips.map(({ entity, rule, actual, limit, lookup }) => ({
          entity,
          rule,
          actual,
          limit,
          ...(lookup !== undefined && { lookup }),
        })),
        planHash: guard.planHash,
      }),
      ...(undone && { undone }),
    },
  };
}
