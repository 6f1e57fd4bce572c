import { quoted } from '../core/visible.js';
import { Reference, type Reading } from '../state/store.js';

/** Ids are padded with zeros or blanks up to this length. */
const LONGEST_PADDING = 20;

type Form = (id: string) => string;

/** Forms in which exports of the same ids differ, by the name of the difference. Ids that are equal in all forms are similar. */
const FORMS: Readonly<Record<string, Form>> = {
  blanks: (id) => id.trim(),
  case: (id) => id.toLowerCase(),
  'leading zeros': (id) => id.replace(/^0+(?=\d+$)/, ''),
  'the form of Unicode': (id) => id.normalize('NFC'),
};

/** Writes the same id in other ways. */
const SPELLINGS: readonly Form[] = [
  ...Object.values(FORMS),
  (id) => id.toUpperCase(),
  (id) => id.toLowerCase().replace(/(^|[^\p{L}\p{M}\p{N}])\p{L}/gu, (start) => start.toUpperCase()),
  (id) => id.normalize('NFD'),
];

/**
 * A clause about a user or group that exists and whose id differs only in blanks, case, leading zeros or the form of Unicode;
 * undefined if none is found. It looks up some hundred spellings, and reads no list of ids.
 */
export async function similarIdText(
  reading: Reading,
  entity: 'users' | 'groups',
  id: string,
): Promise<string | undefined> {
  const spellings = spellingsOf(id);
  const codes = await reading.refer(entity, spellings);
  const similar = spellings.find((_, i) => codes[i] !== Reference.ABSENT);
  if (similar === undefined) return undefined;
  return `there is ${quoted(similar)}, which differs from ${quoted(id)} only in ${differencesOf(id, similar).join(' and ')}`;
}

/** The form of an id that all its similar ids have: those that differ in blanks, case, leading zeros or the form of Unicode. */
export function commonForm(id: string): string {
  return inForms(id, Object.keys(FORMS));
}

/** In what two ids differ, if it is only in blanks, case, leading zeros or the form of Unicode; undefined if it is in more. */
export function onlyDifferences(a: string, b: string): readonly string[] | undefined {
  return commonForm(a) === commonForm(b) ? differencesOf(a, b) : undefined;
}

/** The names of the forms without which two similar ids are different. */
function differencesOf(a: string, b: string): string[] {
  const names = Object.keys(FORMS);
  return names.filter((name) => {
    const others = names.filter((other) => other !== name);
    return inForms(a, others) !== inForms(b, others);
  });
}

function inForms(id: string, names: readonly string[]): string {
  return names.reduce((text, name) => (FORMS[name] as Form)(text), id);
}

/** Other spellings of an id: two of {@link SPELLINGS} one after the other, and these padded at the start or the end. */
function spellingsOf(id: string): string[] {
  const spellings = new Set(SPELLINGS.flatMap((one) => SPELLINGS.map((other) => other(one(id)))));
  for (const text of [id, id.trim()]) {
    for (let length = text.length + 1; length <= LONGEST_PADDING; length++) {
      spellings.add(text.padEnd(length, ' '));
      spellings.add(text.padStart(length, ' '));
      if (/^\d+$/.test(text)) spellings.add(text.padStart(length, '0'));
    }
  }
  spellings.delete(id);
  return [...spellings].filter((text) => text !== '');
}
