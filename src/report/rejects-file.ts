import { join } from 'node:path';
import type { Entity } from '../core/model.js';
import type { Rejection } from '../core/rejection.js';
import type { Cell } from './files/csv-cells.js';
import { RowFile } from './files/row-file.js';
import { csvRows } from './files/row-format.js';
import { TopCounts } from './top-counts.js';

/** `rollcall`: a check before sending rejected the record. `okta`: Okta refused it. */
export type RejectedBy = 'rollcall' | 'okta';

const COLUMNS = [
  'rejectedBy',
  'entity',
  'externalId',
  'file',
  'line',
  'position',
  'field',
  'code',
  'reason',
] as const;

/** The most rejections of each kind that the summary lists. */
const FIRST = 100;

/** A rejection in the summary. Unknown fields are missing. */
export interface RejectedRecord {
  readonly rejectedBy: RejectedBy;
  readonly entity: Entity;
  /** For a membership `group/member`. */
  readonly externalId?: string;
  readonly file?: string;
  readonly line?: number;
  readonly position?: number;
  readonly field?: string;
  readonly code: string;
  readonly reason: string;
}

/** One reason, and the number of its rejections. */
export interface RejectReason {
  readonly rejectedBy: RejectedBy;
  readonly entity: Entity;
  readonly field?: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
}

/** `rejects.csv`: every record that was rejected or refused, and counts of the reasons. */
export class RejectsFile {
  readonly file: RowFile<readonly Cell[]>;
  readonly first: RejectedRecord[] = [];
  readonly counts: Record<RejectedBy, number> = { rollcall: 0, okta: 0 };
  readonly byEntity: Readonly<Record<Entity, Record<RejectedBy, number>>> = {
    users: { rollcall: 0, okta: 0 },
    groups: { rollcall: 0, okta: 0 },
    memberships: { rollcall: 0, okta: 0 },
  };
  readonly #reasons = new TopCounts<Omit<RejectReason, 'count'>>();

  constructor(directory: string) {
    this.file = new RowFile(join(directory, 'rejects.csv'), csvRows(COLUMNS));
  }

  add(rejectedBy: RejectedBy, rejection: Rejection): void {
    const { entity, externalId, file, line, field, code, reason } = rejection;
    // A refused record comes from the plan, which does not store the place in the source.
    const position = rejection.position > 0 ? rejection.position : undefined;
    this.counts[rejectedBy]++;
    this.byEntity[entity][rejectedBy]++;
    this.file.add([
      rejectedBy,
      entity,
      externalId ?? '',
      file ?? '',
      line ?? '',
      position ?? '',
      field ?? '',
      code,
      reason,
    ]);
    const why = { rejectedBy, entity, ...(field !== undefined && { field }), code, reason };
    this.#reasons.add([rejectedBy, entity, field ?? '', code, reason].join('\n'), () => why);
    if (this.counts[rejectedBy] > FIRST) return;
    this.first.push({
      ...why,
      ...(externalId !== undefined && { externalId }),
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      ...(position !== undefined && { position }),
    });
  }

  /** The most frequent reasons, in descending order. */
  topReasons(most: number): readonly RejectReason[] {
    return this.#reasons.top(most).map(({ what, count }) => ({ ...what, count }));
  }

  /** Rejections for all reasons that {@link topReasons} of the same length does not list. */
  otherReasons(most: number): number {
    return this.#reasons.rest(most);
  }
}
