import type { TableSample } from '../inputs/table-sample.js';
import { usualColumns, type UsualColumns } from './usual-columns.js';

/** Words of a status, in small letters: English, German, French and Spanish. */
const STATUS_WORDS: ReadonlySet<string> = new Set(
  [
    ['active', 'inactive', 'terminated', 'leave', 'on leave', 'suspended', 'retired', 'resigned', 'left'],
    ['aktiv', 'inaktiv', 'ausgeschieden', 'gekündigt', 'beurlaubt', 'elternzeit', 'ruhend'],
    ['actif', 'inactif', 'actifs', 'sorti', 'suspendu', 'retraité'],
    ['activo', 'inactivo', 'baja', 'alta', 'de baja', 'suspendido', 'jubilado'],
  ].flat(),
);

/** Those of people who are not there any more, and the words of a column that says yes or no. */
const LEFT_WORDS: ReadonlySet<string> = new Set(
  [
    ['inactive', 'terminated', 'retired', 'resigned', 'left', 'false', 'no', 'n', '0', 'disabled'],
    ['inaktiv', 'ausgeschieden', 'gekündigt', 'nein', 'inactif', 'sorti', 'retraité', 'non'],
    ['inactivo', 'baja', 'de baja', 'jubilado'],
  ].flat(),
);

/** True for a value of a status that means that somebody is not there any more. */
export function isLeftWord(value: string): boolean {
  return LEFT_WORDS.has(value.trim().toLowerCase());
}

/** The ids that a directory gives its entries: they stay when somebody is renamed, moved, or gets another number. */
const OF_A_DIRECTORY = /^(?:objectGUID|entryUUID)$/i;

/** The columns of a sample that are recognised by their names and values. */
export function recognised({
  header,
  columns,
  source,
}: Pick<TableSample, 'header' | 'columns' | 'source'>): UsualColumns {
  const isStatus = (column: string) =>
    [...(columns.get(column)?.values?.keys() ?? [])].some((value) =>
      STATUS_WORDS.has(value.trim().toLowerCase()),
    );
  const hasOwnId = source?.kind === 'ldap' && header.some((column) => OF_A_DIRECTORY.test(column));
  const mayBeId = (column: string) =>
    columns.get(column)?.isUnique !== false && (!hasOwnId || OF_A_DIRECTORY.test(column));
  const mayBeEnd = (column: string) => {
    const { isInSomeRows = false, dateForms = [] } = columns.get(column) ?? {};
    return isInSomeRows && dateForms.length > 0;
  };
  return usualColumns(header, mayBeId, isStatus, mayBeEnd);
}

/** The bits of an account in Active Directory, one of which says that it is disabled. */
export function isAccountControl(column: string): boolean {
  return column.toLowerCase() === 'useraccountcontrol';
}

/** Whether the bits of an account say that it is disabled. */
export function isDisabled(bits: string): boolean {
  return /^\d+$/.test(bits) && (Number(bits) & 2) !== 0;
}
