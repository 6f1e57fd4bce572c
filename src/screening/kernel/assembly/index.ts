/** The kernel: what runs for every record and every row. Memory is laid out by its caller; nothing here allocates. */
export { setKey, sipHashEach } from './siphash';
export { setFields } from './fields';
export { markRemoved, programMembership, programProfile } from './record';
export { digestCsv, lastRowEnd } from './csv';
export { digestJsonLines, setNames } from './json-lines';
