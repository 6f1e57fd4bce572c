import type { RecordRule } from '../../src/cli/mapping/mapping.js';
import type { Row } from '../../src/cli/mapping/cells.js';
import type { Outcome, Side, World } from '../case.js';
import { person, type PersonRow } from '../data/people.js';

const PASSES = 5;

interface Made {
  readonly externalId: string;
  readonly profile: Readonly<Record<string, string | null>>;
}
type ToRecord = (row: PersonRow) => Made;

/** Eight expressions: seven values and a condition. `size` is one that rollcall leaves to the library. */
const EIGHT = {
  users: {
    externalId: 'employee_id',
    profile: {
      userName: { cel: "lower(ascii(row.given) + '.' + ascii(row.family)) + '@example.com'" },
      email: { cel: 'firstNonEmpty([row.email, row.phone])' },
      displayName: { cel: "row.given + ' ' + row.family" },
      title: { cel: "row.manager == '' ? 'Head, ' + row.title : row.title" },
      mobilePhone: { cel: "replace(row.phone, ' ', '')" },
      department: { cel: "first(split(row.department, ' '))" },
      nickName: { cel: 'row.given.size() > 5 ? row.family : row.given' },
    },
    when: { cel: "row.employee_id.startsWith('E') && !(row.title in ['Guest', 'Contractor'])" },
  },
};
const EXTRACTS = {
  users: {
    externalId: 'employee_id',
    profile: {
      city: { cel: "extract(row.address, '([^,]+), [^,]+$')" },
      number: { cel: "extract(row.employee_id, '[1-9][0-9]*')" },
    },
  },
};
const LETTERS: Readonly<Record<string, string>> = { ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', ß: 'ss' };
const CITY = /([^,]+), [^,]+$/u;
const NUMBER = /[1-9][0-9]*/u;

/** The rows of people, mapped by expressions. */
export const eightExpressions = mappingSide('eight expressions in CEL', (world) => expressions(world, EIGHT));
export const twoExtracts = mappingSide('two extracts in CEL', (world) => expressions(world, EXTRACTS));

/** The same mappings, written as functions. */
export const eightFunctions = mappingSide('the same as a function', async () => (row) => {
  if (!row.employee_id.startsWith('E') || row.title === 'Guest' || row.title === 'Contractor')
    throw new Error('every row is wanted');
  return {
    externalId: row.employee_id,
    profile: {
      userName: `${`${ascii(row.given)}.${ascii(row.family)}`.toLowerCase()}@example.com`,
      email: [row.email, row.phone].find((text) => text.trim() !== '') ?? null,
      displayName: `${row.given} ${row.family}`,
      title: row.manager === '' ? `Head, ${row.title}` : row.title,
      mobilePhone: row.phone.replaceAll(' ', ''),
      department: row.department.split(' ').find((part) => part !== '') ?? null,
      nickName: Array.from(row.given).length > 5 ? row.family : row.given,
    },
  };
});
export const twoRegExps = mappingSide('RegExp', async () => (row) => ({
  externalId: row.employee_id,
  profile: {
    city: CITY.exec(row.address)?.[1] ?? null,
    number: NUMBER.exec(row.employee_id)?.[0] ?? null,
  },
}));

/** Nanoseconds of processor time a row: those of the quickest of some passes over rows in memory. Reading is not counted. */
function mappingSide(name: string, load: (world: World) => Promise<ToRecord>): Side {
  return {
    name,
    async load(world) {
      const toRecord = await load(world);
      const rows = Array.from({ length: world.size }, (_, i) => person(i));
      return async (): Promise<Outcome> => {
        let nsPerRow = Infinity;
        let letters = 0;
        for (let pass = 0; pass < PASSES; pass++) {
          letters = 0;
          const { user } = process.cpuUsage();
          for (const row of rows) for (const text of texts(toRecord(row))) letters += text?.length ?? 0;
          nsPerRow = Math.min(nsPerRow, ((process.cpuUsage().user - user) * 1000) / rows.length);
        }
        return { counts: { rows: rows.length, letters }, measures: { nsPerRow } };
      };
    },
  };
}

function texts({ profile }: Made): readonly (string | null)[] {
  return Object.values(profile);
}

/** The mapping is a part of the command line, and not of the package's interface. */
async function expressions({ simulator }: World, mapping: unknown): Promise<ToRecord> {
  type Load = typeof import('../../src/cli/mapping/load.js');
  type Apply = typeof import('../../src/cli/mapping/apply.js');
  const module = <T>(name: string) =>
    import(new URL(`../cli/mapping/${name}.js`, simulator).href) as Promise<T>;
  const { parseMapping } = await module<Load>('load');
  const { recordOf } = await module<Apply>('apply');
  const rule = parseMapping(JSON.stringify(mapping), 'mapping.json').users as RecordRule;
  return (row) => recordOf(rule, row as unknown as Row);
}

function ascii(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^ -~]/g, (letter) => LETTERS[letter] ?? '?');
}
