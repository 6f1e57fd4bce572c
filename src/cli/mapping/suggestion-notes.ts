import { quoted } from '../../core/visible.js';
import type { CsvSample } from '../inputs/csv-sample.js';
import { count } from '../text/words.js';
import { usualColumns } from './usual-columns.js';

/** What `init` was unsure of, for the person who checks the mapping. One sentence or two for each. */
export function suggestionNotes({ header, columns, rows }: CsvSample): string[] {
  const isUnique = (column: string) => columns.get(column)?.isUnique !== false;
  const { profile, groups, status, endDate } = usualColumns(header, isUnique);
  const id = profile.get('externalId');
  const notes: string[] = [];
  if (header.length === 1)
    notes.push(`The header has only the column ${quoted(header[0] as string)}. Is the file a CSV file?`);
  if (id === undefined)
    notes.push('No column looks like the permanent id of a person: set users.externalId.');
  else if (rows > 0 && !isUnique(id))
    notes.push(
      `The column ${quoted(id)} is empty or the same in some rows, so it may not be the id of a person.`,
    );
  if (!profile.has('email')) notes.push('No column looks like an email address, which Okta requires.');
  if (status !== undefined)
    notes.push(
      `The column ${quoted(status)} looks like a status${valuesOf(columns.get(status)?.values)}. The mapping sends people of every status: set users.when.`,
    );
  if (endDate !== undefined)
    notes.push(
      `The column ${quoted(endDate)} looks like the day on which a person leaves. The mapping does not use it: set users.when.`,
    );
  if (groups !== undefined)
    notes.push(`The column ${quoted(groups)} looks like a list of groups. The mapping does not use it yet.`);
  return notes;
}

function valuesOf(values: ReadonlyMap<string, number> | undefined): string {
  if (values === undefined || values.size === 0) return '';
  return ` (${[...values].map(([value, rows]) => `${quoted(value)} ${count(rows)}`).join(', ')})`;
}
