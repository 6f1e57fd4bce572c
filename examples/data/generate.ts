/**
 * Makes the sample directory: two days' exports of a small company, with the awkward content of real ones, and a
 * truncated export. The same seed gives the same files.
 *
 *     npx tsx examples/data/generate.ts [directory]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const USERS = 1200;
const GROUPS = 40;
const MEMBERSHIPS_PER_USER = 2.5;
const GIVEN = ['Anna', 'Jürgen', 'Zoë', 'Søren', 'Łukasz', 'María José', "D'Arcy", '美咲', '伟', 'Ольга', 'Renée', 'Åsa', 'Mary-Jane', 'İpek', 'Nguyễn'];
const FAMILY = ['Müller', 'O\'Brien', 'García, Jr.', 'van der Berg', '佐藤', '王', 'Иванова', 'Smith "Smitty"', 'Šarić', 'Ünal', 'de la Cruz', 'Jönsson', 'Trần'];
const DEPARTMENTS = ['Engineering', 'Finance', 'People & Culture', 'R&D', 'Sales, EMEA', 'Vertrieb', 'Rechtsabteilung', 'Operations'];
const TITLES = ['Engineer', 'Analyst', '=1+1', '-', '+lead', '@home', 'Head of "Everything"', 'Assistant '];

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Person {
  readonly id: string;
  readonly cells: Record<string, string>;
  readonly groups: Set<number>;
}

const USER_COLUMNS = ['externalId', 'userName', 'email', 'firstName', 'lastName', 'secondEmail', 'mobilePhone', 'homeAddress', 'department', 'title', 'employeeNumber'];

function person(i: number, draw: () => number): Person {
  const pick = <T>(from: readonly T[]) => from[Math.floor(draw() * from.length)] as T;
  const id = String(i).padStart(6, '0');
  const cells: Record<string, string> = {
    externalId: id,
    userName: `user${id}@example.com`,
    email: `user${id}@example.com`,
    firstName: pick(GIVEN),
    lastName: pick(FAMILY),
    secondEmail: draw() < 0.3 ? `home${id}@example.org` : '',
    mobilePhone: draw() < 0.5 ? `+49 170 ${id}` : '',
    homeAddress: draw() < 0.4 ? `Hauptstraße ${i % 90}\n${10_000 + i} Köln` : '',
    department: pick(DEPARTMENTS),
    title: pick(TITLES),
    employeeNumber: String(i).padStart(8, '0'),
  };
  const groups = new Set<number>();
  // Some groups are large and some are small, as they are.
  const wanted = Math.round(MEMBERSHIPS_PER_USER + draw() - 0.5);
  while (groups.size < wanted) groups.add(Math.floor(GROUPS * draw() ** 2));
  return { id, cells, groups };
}

function csv(columns: readonly string[], rows: readonly (readonly string[])[], lineEnd: string): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) || /^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows].map((row) => row.map(cell).join(',') + lineEnd).join('');
}

/** The files, by path. */
export function sampleFiles(): Map<string, string> {
  const draw = random(20_261);
  const people = Array.from({ length: USERS }, (_, i) => person(i + 1, draw));
  const groups = Array.from({ length: GROUPS }, (_, i) => ({ id: `G${String(i).padStart(3, '0')}`, name: `${DEPARTMENTS[i % 8]} ${i}`, description: i % 3 === 0 ? '' : `Group "${i}", made for the sample` }));

  const files = new Map<string, string>();
  const put = (day: string, staff: readonly Person[], teams: typeof groups) => {
    const rows = staff.map(({ cells }) => USER_COLUMNS.map((column) => cells[column] ?? ''));
    // What no directory should hold and many do: an emoji, a name that is too long, the same person twice.
    const odd = person(9001, random(1)).cells;
    rows.push(USER_COLUMNS.map((column) => ({ ...odd, firstName: 'Robin 🦜' })[column] ?? ''));
    rows.push(USER_COLUMNS.map((column) => ({ ...odd, externalId: '009002', firstName: 'N'.repeat(51) })[column] ?? ''));
    rows.push(rows[0] as string[]);
    files.set(`${day}/users.csv`, `\uFEFF${csv(USER_COLUMNS, rows, '\r\n')}`);
    files.set(`${day}/groups.csv`, csv(['externalId', 'displayName', 'description'], teams.map((g) => [g.id, g.name, g.description]), '\n'));
    const pairs = staff.flatMap(({ id, groups: mine }) => Array.from(mine).filter((g) => g < teams.length).map((g) => [(teams[g] as { id: string }).id, id]));
    pairs.push([teams[0]?.id ?? '', 'left-long-ago']);
    // The last line of this file has no line end, as of so many.
    files.set(`${day}/memberships.csv`, csv(['groupExternalId', 'memberExternalId'], pairs, '\n').trimEnd());
  };

  put('day-1', people, groups);

  const changed = people.map((p, i) => {
    if (i % 40 === 3) return { ...p, cells: { ...p.cells, department: 'Reorganized', title: 'Lead' } };
    if (i % 150 === 7) return { ...p, groups: new Set([...p.groups, 39]) };
    return p;
  });
  const joined = Array.from({ length: 12 }, (_, i) => person(USERS + 1 + i, random(i + 77)));
  const day2 = [...changed.filter((_, i) => i % 130 !== 11), ...joined];
  const teams2 = groups.map((g, i) => (i === 5 ? { ...g, name: 'Renamed & moved' } : g));
  put('day-2', day2, teams2);

  const whole = (files.get('day-2/users.csv') as string).split('\r\n0');
  files.set('truncated/users.csv', `${whole.slice(0, Math.floor(whole.length * 0.4)).join('\r\n0')}\r\n`);
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2] ?? dirname(fileURLToPath(import.meta.url));
  for (const [path, text] of sampleFiles()) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}
