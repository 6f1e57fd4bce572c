import { join } from 'node:path';
import type { Entity } from '../core/model.js';
import type { Rejection } from '../core/rejection.js';
import { RowFile } from './files/row-file.js';
import { TopCounts } from './top-counts.js';

/** Who would not have the record: the checks before anything is sent, or Okta. */
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

/** Rejections that the summary shows one by one. */
const FIRST = 100;

/** A rejection as the summary shows it. What is not known is not there. */
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

/** One reason, and how often it was met. */
export interface RejectReason {
  readonly rejectedBy: RejectedBy;
  readonly entity: Entity;
  readonly field?: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
}

/** `rejects.csv`: every record that was not taken, and what that comes to. */
export class RejectsFile {
  readonly file: RowFile;
  readonly first: RejectedRecord[] = [];
  readonly counts: Record<RejectedBy, number> = { rollcall: 0, okta: 0 };
  readonly #reasons = new TopCounts<Omit<RejectReason, 'count'>>();

  constructor(directory: string) {
    this.file = new RowFile(join(directory, 'rejects.csv'), COLUMNS);
  }

  add(rejectedBy: RejectedBy, rejection: Rejection): void {
    const { entity, externalId, file, line, field, code, reason } = rejection;
    // What Okta refused comes from the plan, and has no place in a source any more.
    const position = rejection.position > 0 ? rejection.position : undefined;
    this.counts[rejectedBy]++;
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
    if (this.first.length >= FIRST) return;
    this.first.push({
      ...why,
      ...(externalId !== undefined && { externalId }),
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      ...(position !== undefined && { position }),
    });
  }

  /** The reasons met most, most first. */
  topReasons(most: number): readonly RejectReason[] {
    return this.#reasons.top(most).map(({ what, count }) => ({ ...what, count }));
  }

  /** Rejections for other reasons than {@link topReasons} with this length. */
  otherReasons(most: number): number {
    return this.#reasons.rest(most);
  }
}
