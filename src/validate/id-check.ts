import { nameFault } from './okta-text.js';

/** Why an id cannot be used. */
export interface IdFault {
  readonly field: string;
  readonly code: string;
  readonly reason: string;
  /**
   * True if the right id is not known: the record may be that of anybody, so it has no key, and no removals are sent because of it.
   * Otherwise the person with the right id would count as missing.
   */
  readonly isLost: boolean;
}

/** A number that a spreadsheet rounded, a formula that it needs to keep leading zeros, and its errors. */
const SPREADSHEET = /^="|^\d+(?:[.,]\d+)?E\+\d+$|^#(?:N\/A|REF!|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!)$/i;
/** What programs write for a value that is not there, or for a list or an object that they cannot write. */
const NO_VALUE =
  /^(?:null|\(null\)|<null>|\\n|undefined|nan|\[object \w+\]|System\.\w+\[\]|Microsoft\.ActiveDirectory\.\S+)$/i;
/** Characters that nobody can see, without tabs and line ends: these are blanks, and an id with a blank is another id. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}]/u;

/** The first fault of an id that is not empty; undefined if there is none. */
export function idFault(field: string, id: string, longest: number): IdFault | undefined {
  if (id.length > longest)
    return { field, code: 'TOO_LONG', reason: `has more than ${longest} characters`, isLost: false };
  const fault = nameFault(id);
  if (fault !== undefined) return { field, ...fault, isLost: isLost(fault.code, id) };
  const lost = { field, isLost: true };
  if (SPREADSHEET.test(id))
    return {
      ...lost,
      code: 'SPREADSHEET_ID',
      reason: 'was changed by a spreadsheet; export the column as text',
    };
  return NO_VALUE.test(id)
    ? { ...lost, code: 'NOT_AN_ID', reason: 'is a word that a program writes in place of a value' }
    : undefined;
}

/** An id in another form of Unicode is lost as well: the person whom it means may be known by the form NFC. */
function isLost(code: string, id: string): boolean {
  if (code === 'UNSUPPORTED_CHARACTER') return false;
  return code !== 'INVISIBLE_CHARACTER' || UNSEEN.test(id);
}
