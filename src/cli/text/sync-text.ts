import { ENTITIES } from '../../core/model.js';
import type { SyncReport, UploadReport } from '../../core/results.js';
import { undoneOf } from '../commands/undone.js';
import { formatDuration } from './duration.js';
import { changesList, entityList } from '../../core/entity-list.js';
import { heldBackLines } from './held-back.js';
import { blankLines, leftOutLines } from './left-out.js';
import { owedLines } from './owed-text.js';
import { rejectionLines } from './rejections.js';
import { sampleLines } from './sample-text.js';
import { unclearedLines } from './uncleared.js';
import { unsentLines } from './unsent.js';
import { columns, count, formatBytes, plural, withoutEmpty } from './words.js';

/** The outcome of a sync, as text for a terminal of this width. */
export function syncText(report: SyncReport, width?: number): string {
  const took = formatDuration(report.endedAt.getTime() - report.startedAt.getTime());
  return [
    `Done in ${took}: ${sentText(report)}`,
    '',
    ...columns(
      withoutEmpty(
        [
          ['', 'read', 'unchanged', 'created', 'updated', 'deleted', 'rejected', 'refused', 'left out'],
          ...ENTITIES.flatMap((entity) => {
            const source = report.sources[entity];
            if (source === undefined) return [];
            const { read, unchanged, rejected, leftOut } = source;
            const { creates, updates, deletes } = report.confirmed[entity];
            const refused = report.refused.filter((one) => one.entity === entity).length;
            const cells = [read, unchanged, creates, updates, deletes, rejected, refused, leftOut];
            return [[entity, ...cells.map(count)]];
          }),
        ],
        ['refused', 'left out'],
      ),
      width,
    ),
    ...blankLines(report.sources),
    ...leftOutLines(report.sources),
    ...unclearedLines(report.plan),
    ...undoneLines(report),
    ...sampleLines(report.sample),
  ].join('\n');
}

/** What a run left undone: the records that were rejected or refused, and the deletions that are held back. */
export function undoneLines(report: SyncReport): string[] {
  const { rejected, refused, owed } = undoneOf(report);
  return [
    ...unsentLines(report.sources),
    ...heldBackLines(report.plan.heldBackDeletes),
    ...rejectionLines('Rejected before sending', report.rejections, rejected),
    ...rejectionLines('Refused by Okta', report.refused, refused),
    ...owedLines(owed, report.owed.records, report.owed.tooMany),
  ];
}

/** The outcome of an unfinished sync, as one line. */
export function partText(report: UploadReport): string {
  const left = entityList((entity) => report.remainingByEntity[entity]);
  return `So far ${sentText(report)}${left === undefined ? '' : ` Not confirmed: ${left}.`}`;
}

function sentText(report: UploadReport): string {
  const changes = changesList(report.confirmed);
  if (changes === undefined && report.requests === 0) return 'nothing was sent.';
  return `Okta confirmed ${changes ?? 'nothing'} in ${plural(report.sessions, 'session')} (${plural(report.requests, 'request')}, ${formatBytes(report.bytes)}).`;
}
