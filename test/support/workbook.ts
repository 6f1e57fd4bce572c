import { zipOf } from './zip.js';

/** The parts of a workbook that {@link workbookOf} writes by hand. */
export interface HandMade {
  /** The content of `sheetData` of each sheet, by its name. */
  readonly sheets: Readonly<Record<string, string>>;
  /** More of each sheet after its `sheetData`, such as `mergeCells`. */
  readonly after?: string;
  /** Number formats; the style of a cell `s="1"` is the first. */
  readonly formats?: readonly string[];
  /** Builtin formats by number, whose styles follow those of `formats`. */
  readonly builtins?: readonly number[];
  readonly shared?: readonly string[];
  readonly is1904?: boolean;
  readonly hidden?: readonly string[];
  /** The range that a sheet says it has. @defaultValue none */
  readonly dimension?: string;
  /** The end of each sheet. @defaultValue `</worksheet>` */
  readonly end?: string;
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** A workbook (.xlsx) from XML, without a library. */
export function workbookOf(parts: HandMade): Buffer {
  const { sheets, after = '', formats = [], builtins = [], shared = [], hidden = [] } = parts;
  const { is1904 = false, dimension, end = '</worksheet>' } = parts;
  const names = Object.keys(sheets);
  const each = (text: (name: string, number: number) => string) =>
    names.map((name, i) => text(name, i + 1)).join('');
  const ids = [...formats.map((_, i) => 164 + i), ...builtins];
  const files: Record<string, string> = {
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/>${each((_, n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${TYPES}.worksheet+xml"/>`)}<Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="${TYPES}.sharedStrings+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook ${MAIN} xmlns:r="${OFFICE}"><workbookPr${is1904 ? ' date1904="1"' : ''}/><sheets>${each((name, n) => `<sheet name="${name}" sheetId="${n}"${hidden.includes(name) ? ' state="hidden"' : ''} r:id="rId${n}"/>`)}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${PACKAGE}/relationships">${each((_, n) => `<Relationship Id="rId${n}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}<Relationship Id="rId98" Type="${OFFICE}/styles" Target="styles.xml"/><Relationship Id="rId99" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    'xl/styles.xml': `<styleSheet ${MAIN}><numFmts count="${formats.length}">${formats.map((code, i) => `<numFmt numFmtId="${164 + i}" formatCode="${code.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"/>`).join('')}</numFmts><cellXfs count="${ids.length + 1}"><xf numFmtId="0"/>${ids.map((id) => `<xf numFmtId="${id}" applyNumberFormat="1"/>`).join('')}</cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst ${MAIN}>${shared.map((text) => `<si>${text.startsWith('<') ? text : `<t xml:space="preserve">${text}</t>`}</si>`).join('')}</sst>`,
  };
  for (const [i, name] of names.entries())
    files[`xl/worksheets/sheet${i + 1}.xml`] =
      `<worksheet ${MAIN}>${dimension === undefined ? '' : `<dimension ref="${dimension}"/>`}<sheetData>${sheets[name]}</sheetData>${after}${end}`;
  return zipOf(Object.entries(files).map(([name, content]) => ({ name, content: XML + content })));
}

/** The XML of rows: texts become inline texts, and a text that begins with `<` is a cell as it is. */
export function rowsXml(...rows: readonly (readonly (string | number | null)[])[]): string {
  return rows
    .map((cells, row) => {
      const xml = cells.map((cell, i) => {
        const at = `r="${String.fromCharCode(65 + i)}${row + 1}"`;
        if (cell === null) return '';
        if (typeof cell === 'number') return `<c ${at}><v>${cell}</v></c>`;
        if (cell.startsWith('<c ')) return cell.replace('<c ', `<c ${at} `);
        return `<c ${at} t="inlineStr"><is><t xml:space="preserve">${cell}</t></is></c>`;
      });
      return `<row r="${row + 1}">${xml.join('')}</row>`;
    })
    .join('');
}
