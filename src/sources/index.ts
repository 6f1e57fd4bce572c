export { fromCsv, type FromCsvOptions } from './csv.js';
export type { CsvColumns, CsvRow } from './csv-columns.js';
export { fromJson, type FromJsonOptions } from './json.js';
export { fromJsonLines, type FromJsonLinesOptions } from './json-lines.js';
export { fromPages, type FromPagesOptions, type Page } from './pages.js';
export { fromObservable, toObservable, type FromObservableOptions } from './observable.js';
export { toGroup, toMembership, toUser, type FlatRow, type RecordOptions } from './records.js';
export type { Input, InputChunk, InputOptions } from './text-input.js';
