import { setting } from './setting.js';
import { choice, day, delimiter, duration, number, onOff, paths, text, texts } from './setting-kinds.js';
import { numberByEntity, oneOrByEntity, textsByEntity } from './entity-kinds.js';
import { replacement } from './replacement-kind.js';

/** The settings of what is read, and of what becomes of it before it is compared. */
export const INPUT_SETTINGS = Object.freeze({
  users: setting(
    '--users',
    paths(),
    'the files with users: paths, globs, or - for standard input; gzip and ZIP are unpacked',
  ),
  groups: setting('--groups', paths(), 'the files with groups, in the same way'),
  memberships: setting('--memberships', paths(), 'the files with memberships, in the same way'),
  format: setting(
    '--format',
    choice('csv', 'json', 'jsonl', 'xlsx'),
    'the format of standard input and of unknown extensions; without such an input, of all inputs',
    { fallback: 'by the extension of the name' },
  ),
  delimiter: setting('--delimiter', delimiter(), 'CSV: the character between fields, or tab', {
    fallback: 'recognised from the header: comma, semicolon, tab or bar',
  }),
  encoding: setting('--encoding', text('name'), 'the encoding of the inputs, such as windows-1252', {
    fallback: 'UTF-8, or UTF-16 where the first bytes show it',
  }),
  skipLines: setting(
    '--skip-lines',
    number({ min: 0, max: 1000, integer: true }),
    'CSV: the number of lines before the header',
    { fallback: '0' },
  ),
  trailer: setting(
    '--trailer',
    text('text'),
    'CSV: the last line of each file, e.g. TRAILER,{count}; a file without it was cut off',
  ),
  expectRows: setting(
    '--expect-rows',
    numberByEntity(),
    'the rows of the input, or of several: users=1200 groups=30; with another number it was cut off',
    { fallback: 'any number' },
  ),
  completeMarker: setting(
    '--complete-marker',
    text('file', true),
    'a file that is written when the export is complete; without it, or if it is older, a file was cut off',
  ),
  jsonPath: setting('--json-path', text('path'), 'JSON: the path of the array in the document, e.g. value', {
    fallback: 'the document is the array',
  }),
  sheet: setting(
    '--sheet',
    text('name|n'),
    'Excel: the name of the sheet, or its number among the visible ones',
    {
      fallback: 'the first visible sheet',
    },
  ),
  map: setting('--map', text('file', true), 'the mapping file, which maps columns to attributes', {
    fallback: "columns named after Okta's attributes",
  }),
  today: setting('--today', day(), 'the day that a mapping calls today, so that a plan can be repeated', {
    fallback: 'the current day in UTC',
  }),
  onDuplicate: setting(
    '--on-duplicate',
    choice('reject', 'fail'),
    'a record whose id appears earlier in the same source: reject it, or fail the run',
    { fallback: 'reject' },
  ),
  absenceReads: setting(
    '--absence-reads',
    number({ min: 1, max: 1000, integer: true }),
    'delete an entity only after it was missing from this many complete reads in a row',
    { fallback: '1' },
  ),
  absenceMinAge: setting(
    '--absence-min-age',
    duration(),
    'a read counts for --absence-reads only if the last one that counted is this old',
    { fallback: '1h' },
  ),
  protect: setting(
    '--protect',
    texts('id'),
    'never delete these external ids; an id that ends in * is a prefix',
  ),
  neverClear: setting(
    '--never-clear',
    texts('attribute'),
    'attributes of users and groups that are never cleared in Okta, e.g. one that its schema does not have any more',
  ),
  exclude: setting(
    '--exclude',
    texts('id'),
    'leave these external ids alone, in the sources and in Okta; an id that ends in * is a prefix',
  ),
  deleteExcluded: setting(
    '--delete-excluded',
    onOff(),
    'delete in Okta what --exclude names, instead of leaving it alone',
    { fallback: 'off' },
  ),
  mode: setting(
    '--mode',
    oneOrByEntity(choice('full', 'delta'), 'full or delta'),
    'delta: a feed of changes, in which only marked records are deleted; for one input: memberships=delta',
    { fallback: 'full' },
  ),
  completeFor: setting(
    '--complete-for',
    choice('members', 'groups'),
    'with memberships=delta: the feed has all memberships of each person, or group, that it names, and the others end',
  ),
  required: setting(
    '--required',
    textsByEntity(),
    'the attributes that every record must have: users=userName,email',
    { fallback: 'users=userName,email groups=displayName' },
  ),
  coerce: setting(
    '--coerce',
    choice('none', 'numbers', 'booleans', 'all'),
    'records in JSON: which values become texts; without it, a record with another value than a text is rejected',
    { fallback: 'none' },
  ),
  unsupportedCharacters: setting(
    '--unsupported-characters',
    replacement(),
    'characters beyond U+FFFF, such as emoji, which Okta does not accept: reject the record, or replace them',
    { fallback: 'reject' },
  ),
  mixed: setting(
    '--mixed',
    onOff(),
    'send memberships in the same session as new users and groups, although Okta does not promise the order',
    { fallback: 'off' },
  ),
});
