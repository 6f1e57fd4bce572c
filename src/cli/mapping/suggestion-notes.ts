import { quoted } from '../../core/visible.js';
import type { ColumnFaults } from '../inputs/column-sample.js';
import type { TableSample } from '../inputs/table-sample.js';
import { count, plural } from '../text/words.js';
import { isAccountControl, isDisabled, recognised } from './recognised.js';

/** What `init` was unsure of, for the person who checks the mapping. One sentence or two for each. */
export function suggestionNotes(sample: TableSample): string[] {
  const { header, columns, rows, encoding, source } = sample;
  const isUnique = (column: string) => columns.get(column)?.isUnique !== false;
  const { profile, groups, status, endDate } = recognised(sample);
  const id = profile.get('externalId');
  const notes: string[] = [];
  if (encoding !== undefined)
    notes.push(`The file is not UTF-8. It is read as ${encoding}: look at the accents in its names.`);
  if (source?.endedAfterMs !== undefined)
    notes.push(
      `Only ${plural(rows, 'row')} came within ${source.endedAfterMs / 1000} s: the rest was not looked at.`,
    );
  if (source?.isAnonymous === true)
    notes.push(
      'The directory was read without an account, and may show less of itself then: people who are not shown would be deleted. Use --bind-dn.',
    );
  if (header.length === 1)
    notes.push(
      source === undefined
        ? `The header has only the column ${quoted(header[0] as string)}. Is the file a CSV file?`
        : `There is only the column ${quoted(header[0] as string)}.`,
    );
  if (id === undefined)
    notes.push(
      `No column looks like the permanent id of a person: set users.externalId.${uniqueText(sample)}`,
    );
  else if (rows > 0 && !isUnique(id)) notes.push(idNote(id, columns.get(id)?.faults, rows));
  if (!profile.has('email')) notes.push('No column looks like an email address, which Okta requires.');
  if (status !== undefined && isAccountControl(status))
    notes.push(
      `The column ${quoted(status)} says who is disabled${disabledIn(columns.get(status)?.values)}. The mapping sends disabled people, too: set users.when.`,
    );
  else if (status !== undefined)
    notes.push(
      `The column ${quoted(status)} looks like a status${valuesOf(columns.get(status)?.values)}. The mapping sends people of every status: set users.when.`,
    );
  if (endDate !== undefined)
    notes.push(
      `The column ${quoted(endDate)} looks like the day on which a person leaves. The mapping does not use it: set users.when.`,
    );
  const [first, other] = (endDate !== undefined && columns.get(endDate)?.dateForms) || [];
  if (first !== undefined && other !== undefined)
    notes.push(
      `The dates of ${quoted(endDate as string)} can be ${first} or ${other}: the mapping has the first.`,
    );
  const email = profile.get('email');
  const login = profile.get('userName') ?? email;
  if (rows > 0 && login !== undefined && !isUnique(login))
    notes.push(
      `The column ${quoted(login)} is empty or the same in some rows, but each person needs a login of their own.`,
    );
  const words = [...columns].flatMap(
    ([
      column,
      {
        missingWords: [word],
      },
    ]) => (word === undefined ? [] : [`${quoted(column)} ${quoted(word)}`]),
  );
  if (words.length > 0)
    notes.push(`Words in place of a value, which emptyValues in the mapping empties: ${words.join(', ')}.`);
  if (source?.kind === 'ldap')
    notes.push('Groups are not read yet: the config file and the mapping have their search as comments.');
  else if (groups !== undefined)
    notes.push(`The column ${quoted(groups)} looks like a list of groups. The mapping does not use it yet.`);
  return notes;
}

/** One repeated value in this many rows is a repeated record, and no reason to doubt the id. */
const ROWS_FOR_ONE = 100;

/** What is wrong with the values of the id. */
function idNote(id: string, faults: ColumnFaults | undefined, rows: number): string {
  const { empty = 0, firstEmpty, repeated = 0, firstRepeated } = faults ?? {};
  const [first, again] = firstRepeated ?? [];
  const same =
    repeated === 0
      ? []
      : [`the same in rows ${first} and ${again}${repeated > 1 ? `, and ${count(repeated - 1)} more` : ''}`];
  if (empty === 0 && repeated > 0 && repeated * ROWS_FOR_ONE <= rows) {
    const is = repeated === 1 ? 'A record is' : `${count(repeated)} records are`;
    return `${is} repeated: the column ${quoted(id)} is ${same.join()}. The first of them is sent.`;
  }
  const kinds = [
    ...(empty === 0 ? [] : [`empty in ${plural(empty, 'row')} (first in row ${firstEmpty})`]),
    ...same,
  ];
  const what = kinds.length === 0 ? 'missing from some rows' : kinds.join(', and ');
  return `The column ${quoted(id)} is ${what}, so it may not be the id of a person. Row 1 is the first record.`;
}

/** The most columns that are proposed as the id. */
const MOST_PROPOSED = 3;

/** The columns that have a different value in every row, and are nothing else of a user. */
function uniqueText({ columns, rows, header, source }: TableSample): string {
  const { others } = recognised({ header, columns, ...(source && { source }) });
  const unique = rows < 2 ? [] : others.filter((column) => columns.get(column)?.isUnique === true);
  if (unique.length === 0) return '';
  const names = unique.slice(0, MOST_PROPOSED).map(quoted);
  return ` ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} a different value in every row.`;
}

function disabledIn(values: ReadonlyMap<string, number> | undefined): string {
  if (values === undefined) return '';
  const disabled = [...values].reduce((sum, [bits, rows]) => sum + (isDisabled(bits) ? rows : 0), 0);
  return ` (${count(disabled)} of the sample)`;
}

function valuesOf(values: ReadonlyMap<string, number> | undefined): string {
  if (values === undefined || values.size === 0) return '';
  return ` (${[...values].map(([value, rows]) => `${quoted(value)} ${count(rows)}`).join(', ')})`;
}
