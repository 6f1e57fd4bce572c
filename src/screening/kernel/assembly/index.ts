/** The kernel: what runs for every record and every row. Memory is laid out by its caller; nothing here allocates. */
export { setKey, sipHash, sipHashEach } from './siphash';
export { addEach, find, findEach, setTable } from './table';
export { setFields } from './fields';
export { markRemoved, programMembership, programProfile, programRaw } from './record';
export { nextLine, rowCount, rowsConsumed, rowsStopped } from './rows';
export { lastRowEnd, settleCsv } from './csv';
export { settleCells } from './cells';
export { setNames, settleJsonLines } from './json-lines';
