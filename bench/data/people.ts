import { mix } from './random.js';

/** A row of the export, as a directory of record names its columns. */
export interface PersonRow {
  readonly employee_id: string;
  readonly email: string;
  readonly given: string;
  readonly family: string;
  readonly phone: string;
  readonly title: string;
  readonly department: string;
  readonly address: string;
  readonly manager: string;
}

/** The columns of the export, in order. */
export const COLUMNS = [
  'employee_id',
  'email',
  'given',
  'family',
  'phone',
  'title',
  'department',
  'address',
  'manager',
] as const satisfies readonly (keyof PersonRow)[];

const GIVEN =
  'Anna Björn Chloé David Elena Farid Grace Hugo Ines Jörg Katarzyna Luis Maria Noor Olga Pedro Qiang Rosa Søren Tomás'.split(
    ' ',
  );
const FAMILY =
  'Andersson Becker Costa Dubois Eriksen Fischer García Hoffmann Ivanova Johansson Kowalski Lindqvist Müller Nakamura Okafor Petrov Quintero Rossi Schneider Takahashi'.split(
    ' ',
  );
const TITLES = [
  'Senior Accountant',
  'Warehouse Operator, Night Shift',
  'Software Engineer',
  'Head of "Special Projects"',
  'Regional Sales Manager',
  'Nurse',
  'Assistant Professor of Physics',
  'Customer Support Specialist',
];
const DEPARTMENTS = [
  'Finance',
  'Logistics',
  'Engineering',
  'Strategy',
  'Sales',
  'Health',
  'Science',
  'Support',
];
const STREETS = ['Station Road', 'Old Harbour Street', 'Königsallee', 'Rue de la République', 'Long Lane'];
const CITIES = [
  'Gothenburg, Sweden',
  'Düsseldorf, Germany',
  'Lyon, France',
  'Birmingham, United Kingdom',
  'Valladolid, Spain',
  'Kraków, Poland',
];

/** The id of person number `index`. */
export function personId(index: number): string {
  return `E${String(index).padStart(8, '0')}`;
}

/** Person number `index`; another `version` differs in one or two attributes. */
export function person(index: number, version = 0): PersonRow {
  const a = mix(1, index);
  const b = mix(2, index);
  const c = mix(3 + version, index);
  const given = pick(GIVEN, a);
  const family = pick(FAMILY, a >>> 8);
  return {
    employee_id: personId(index),
    email: `${ascii(given)}.${ascii(family)}.${index}@corp.example.com`,
    given,
    family,
    phone: `+46 ${100 + (b % 900)} ${String(c % 1_000_000).padStart(6, '0')}`,
    title: pick(TITLES, b >>> 10),
    department: `${pick(DEPARTMENTS, b >>> 14)} ${c % 40}.${version}`,
    address: `${pick(STREETS, a >>> 16)} ${1 + (a % 250)}, Building ${b % 90}, ${10_000 + (b % 89_999)} ${pick(CITIES, a >>> 20)}`,
    manager: personId(Math.floor(index / 12)),
  };
}

/** The row as a line of JSON, without its end. */
export function toJsonLine(row: PersonRow): string {
  return JSON.stringify(row);
}

/** The row as a line of CSV, without its end. */
export function toCsvLine(
  row: Readonly<Record<string, string>>,
  columns: readonly string[] = COLUMNS,
): string {
  let line = '';
  for (const column of columns) {
    const cell = row[column] as string;
    if (line !== '') line += ',';
    line += /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
  return line;
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}

const PLAIN = new Map([...GIVEN, ...FAMILY].map((name) => [name, fold(name)]));

function ascii(name: string): string {
  return PLAIN.get(name) as string;
}

function fold(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
}
