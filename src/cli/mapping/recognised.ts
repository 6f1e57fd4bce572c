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

/** The columns of a sample that are recognised by their names and values. */
export function recognised({ header, columns }: Pick<TableSample, 'header' | 'columns'>): UsualColumns {
  const isStatus = (column: string) =>
    [...(columns.get(column)?.values?.keys() ?? [])].some((value) =>
      STATUS_WORDS.has(value.trim().toLowerCase()),
    );
  return usualColumns(header, (column) => columns.get(column)?.isUnique !== false, isStatus);
}
