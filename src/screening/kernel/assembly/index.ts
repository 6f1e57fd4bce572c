/** The kernel: the code that runs for every record and every row. Its caller allocates all memory. */
export { setKey, sipHashEach } from './siphash';
export { setFields } from './fields';
export { markChanged, programMembership, programProfile } from './record';
export { digestCsv, lastRowEnd } from './csv';
export { digestJsonLines, setNames } from './json-lines';
