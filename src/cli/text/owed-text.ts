import type { OwedRecord } from '../../core/results.js';
import { shownId } from './rejections.js';
import { count, formatTime, plural } from './words.js';

/** The most records that are listed. */
const SHOWN = 10;

/** The lines about the records of feeds that Okta does not have; none without them. */
export function owedLines(total: number, records: readonly OwedRecord[], tooMany = false): string[] {
  if (total === 0) return [];
  const shown = records.slice(0, SHOWN);
  const rest = total - shown.length;
  return [
    `Owed (${count(total)}): Okta does not have the last change of these records of feeds:`,
    ...shown.map(({ entity, externalId, code, since }) => {
      const record = externalId === undefined ? 'without a valid id' : shownId(externalId);
      return `  ${entity} ${record}, since ${formatTime(since)} [${code}]`;
    }),
    ...(rest > 0 ? [`  ... and ${count(rest)} more`] : []),
    ...(tooMany
      ? ['There are more than a state remembers: read the same feed again when they are mended.']
      : []),
    'They are sent when a feed contains them again. If none will: rollcall state owed --forget ID.',
  ];
}

/** The outcome of `state owed`, as text. */
export function owedText(records: readonly OwedRecord[], forgotten: readonly OwedRecord[]): string {
  return [
    ...(forgotten.length > 0 ? [`Forgotten: ${plural(forgotten.length, 'record')}.`] : []),
    ...(records.length === 0 ? ['No record of a feed is owed.'] : owedLines(records.length, records)),
  ].join('\n');
}
