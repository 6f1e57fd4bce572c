import { loadDriver } from '../load-driver.js';

/** A cell of SheetJS, as far as it is used here. */
export interface Cell {
  /** `s` text, `n` number, `b` boolean, `e` error, `z` empty. */
  readonly t: string;
  readonly v?: unknown;
  /** The number format. */
  readonly z?: string | number;
  /** The formula. */
  readonly f?: string;
}

/** The text of a cell as a spreadsheet shows it; or, as `fault`, why it has none. */
export type ShownText = { readonly text: string } | { readonly fault: string };

/** Formats that look different on every machine: Excel's own short dates, and the long date of the system. */
const LOCAL_DATE = /^m\/d\/yy( h:mm)?$|^\[\$-(x-sysdate|F800)\]/i;
/** Days between the first day of 1900 and that of 1904, as Excel counts them. */
const DAYS_TO_1904 = 1462;
/** Excel keeps 15 digits. With more, the last ones are lost. */
const MOST_EXACT = 1e15;
const ERRORS: Readonly<Record<number, string>> = {
  0x00: '#NULL!',
  0x07: '#DIV/0!',
  0x0f: '#VALUE!',
  0x17: '#REF!',
  0x1d: '#NAME?',
  0x24: '#NUM!',
  0x2a: '#N/A',
  0x2b: '#GETTING_DATA',
};

/**
 * Loads the formatter of numbers.
 *
 * @param is1904 - true for a workbook that counts days from 1904
 */
export async function loadShownText(is1904: boolean): Promise<(cell: Cell | undefined) => ShownText> {
  const { format, isDateFormat } = await loadDriver(['@e965/xlsx', 'numfmt'], () => import('numfmt'));
  const shownNumber = (value: number, pattern: string): ShownText => {
    if (pattern === 'General' && Number.isInteger(value) && Math.abs(value) < MOST_EXACT)
      return { text: String(value) };
    const isDate = isDateFormat(pattern);
    const shown = isDate && is1904 ? value + DAYS_TO_1904 : value;
    const used = LOCAL_DATE.test(pattern) ? isoFormat(shown) : pattern;
    let text: string;
    try {
      text = format(used, shown, { dateErrorThrows: true }).trim();
    } catch {
      return { fault: `cannot be shown in its number format ${JSON.stringify(pattern)}` };
    }
    return text === '' ? { fault: `is hidden by its number format ${JSON.stringify(pattern)}` } : { text };
  };
  return (cell) => {
    if (cell === undefined) return { text: '' };
    const { t, v, f, z = 'General' } = cell;
    if (f !== undefined && (t === 'z' || v === undefined))
      return { fault: 'has a formula without a value; open the workbook in Excel and save it' };
    if (t === 'z') return { text: '' };
    if (t === 'e') return { fault: `has the error ${ERRORS[Number(v)] ?? '#N/A'}` };
    if (t === 'b') return { text: v === true ? 'TRUE' : 'FALSE' };
    if (t === 'n' && typeof v === 'number') return shownNumber(v, String(z));
    if (typeof v === 'string') return { text: v };
    return v === undefined ? { text: '' } : { fault: `has a value of the kind ${JSON.stringify(t)}` };
  };
}

/** A date without a time has no fraction of a day. */
function isoFormat(value: number): string {
  return Number.isInteger(value) ? 'yyyy-mm-dd' : 'yyyy-mm-dd hh:mm:ss';
}
