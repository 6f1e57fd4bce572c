import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { recognise } from '../input/first-bytes.js';
import { requireWhole } from '../input/unzip.js';
import { loadDriver } from '../load-driver.js';
import { loadShownText, type Cell, type ShownText } from './shown-text.js';

/** The cells of one sheet. Rows and columns are counted from 0. */
export interface Sheet {
  readonly name: string;
  readonly rows: readonly (readonly (Cell | undefined)[] | undefined)[];
  readonly merged: readonly MergedCells[];
  readonly shown: (cell: Cell | undefined) => ShownText;
  /** The name of a cell, such as `B7`. */
  readonly address: (row: number, column: number) => string;
}

/** Cells that are shown as one. */
export interface MergedCells {
  readonly s: { readonly r: number; readonly c: number };
  readonly e: { readonly r: number; readonly c: number };
}

/**
 * Reads one sheet of a workbook (.xlsx).
 *
 * @param wanted - the name of a sheet, or the number of a visible sheet from 1, also as text if no sheet has it as its name
 * @param file - the name of the workbook in errors
 * @throws {@link SourceError} for bytes that are not a whole workbook, for one with a password, and for a sheet that does not exist
 */
export async function readSheet(
  bytes: Buffer,
  wanted: string | number,
  file: string | undefined,
): Promise<Sheet> {
  const fail = (reason: string) => new SourceError(reason, { file });
  refuseOthers(bytes, fail);
  await requireWhole(bytes, file, /^xl\/worksheets\/[^/]*\.xml$/, '</worksheet>');
  const { read, utils } = await loadDriver(['@e965/xlsx', 'numfmt'], () => import('@e965/xlsx'));
  try {
    const { Workbook } = read(bytes, { type: 'buffer', sheets: [] });
    const sheets = (Workbook?.Sheets ?? []) as readonly { name?: string; Hidden?: number }[];
    const name = nameOf(sheets, wanted, fail);
    const is1904 = (Workbook?.WBProps as { date1904?: unknown } | undefined)?.date1904 === true;
    const book = read(bytes, { type: 'buffer', sheets: [name], ...HOW });
    const sheet = book.Sheets[name] as unknown as
      { '!data'?: Sheet['rows']; '!merges'?: readonly MergedCells[] } | undefined;
    if (sheet === undefined) throw fail(`the sheet ${quoted(name)} is not a table of cells`);
    return {
      name,
      rows: sheet['!data'] ?? [],
      merged: sheet['!merges'] ?? [],
      shown: await loadShownText(is1904),
      address: (r, c) => utils.encode_cell({ r, c }),
    };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError('the workbook cannot be read; save it again in Excel', { file }, { cause: error });
  }
}

/** Cells as they are stored, with their number formats; not what SheetJS would show. */
const HOW = Object.freeze({ dense: true, sheetStubs: true, cellNF: true, cellText: false, cellHTML: false });

function refuseOthers(bytes: Buffer, fail: (reason: string) => SourceError): void {
  const format = recognise(bytes);
  if (format === 'zip') return;
  if (format === 'xls' && bytes.includes(ENCRYPTED))
    throw fail('the workbook has a password; save it without one');
  if (format === 'xls') throw fail('this is a workbook of the old form (.xls); save it as .xlsx');
  throw fail('this is not an Excel workbook (.xlsx)');
}

/** The name of the part of a workbook with a password that has its encrypted content. */
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le');

function nameOf(
  sheets: readonly { readonly name?: string; readonly Hidden?: number }[],
  wanted: string | number,
  fail: (reason: string) => SourceError,
): string {
  const names = sheets.map(({ name = '' }) => name);
  const visible = sheets.filter(({ Hidden = 0 }) => Hidden === 0).map(({ name = '' }) => name);
  const byNumber = typeof wanted === 'number' || /^[1-9]\d{0,3}$/.test(wanted);
  const found =
    names.find((name) => typeof wanted === 'string' && isSame(name, wanted)) ??
    (byNumber ? visible[Number(wanted) - 1] : undefined);
  if (found !== undefined) return found;
  const listed = `its sheets are ${names.map(quoted).join(', ')}`;
  throw byNumber
    ? fail(`the workbook has ${visible.length} visible sheets, and no sheet ${wanted}; ${listed}`)
    : fail(`the workbook has no sheet ${quoted(String(wanted))}; ${listed}`);
}

/** Excel takes names of sheets for the same in upper and lower case. */
function isSame(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}
