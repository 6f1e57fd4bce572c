/**
 * Rows that were objects and are written as their cells: each cell but the last ends with a unit separator, each row with a
 * record separator (ASCII's own characters for that), and nothing is quoted. A cell that holds one of the two makes a row with
 * another number of cells, or one row more than there are objects: whoever wrote them counts. A cell that is a group separator
 * and nothing else is null; whoever writes has none that is just that.
 */
import { NULL, PLAIN, setField } from './fields';
import { fingerprintRow } from './record';
import { addRow, findRows, nextRow, startRows, stopRows } from './rows';

const NULL_CELL: u8 = 0x1d;
const RECORD_SEPARATOR: u8 = 0x1e;
const UNIT_SEPARATOR: u8 = 0x1f;

/**
 * Settles rows of so many cells.
 * @param most - rows at most
 */
export function settleCells(text: usize, length: u32, columns: u32, out: usize, most: u32): void {
  startRows(out, 0);
  const end = text + length;
  let at = text;
  for (let row: u32 = 0; row < most && at < end; row++) {
    const behind = readCells(at, end, columns);
    if (behind === 0) {
      stopRows();
      break;
    }
    addRow(fingerprintRow(at, behind - 1, nextRow()), <u32>(behind - text), 0);
    at = behind;
  }
  findRows();
}

/** Answers where the next row begins, or 0 when this one has not as many cells as there are columns. */
function readCells(start: usize, end: usize, columns: u32): usize {
  const units = i8x16.splat(<i8>UNIT_SEPARATOR);
  const records = i8x16.splat(<i8>RECORD_SEPARATOR);
  let from = start;
  let column: u32 = 0;
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at);
    let ends = i8x16.bitmask(v128.or(i8x16.eq(block, units), i8x16.eq(block, records)));
    for (; ends !== 0; ends &= ends - 1) {
      const place = at + ctz(ends);
      if (place >= end || column === columns) return 0;
      const isNull = place === from + 1 && load<u8>(from) === NULL_CELL;
      setField(column++, from, place - from, isNull ? NULL : PLAIN);
      from = place + 1;
      if (load<u8>(place) === RECORD_SEPARATOR) return column === columns ? from : 0;
    }
  }
  return 0;
}
