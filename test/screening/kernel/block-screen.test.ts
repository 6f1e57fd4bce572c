import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelMemory } from '../../../src/screening/kernel/kernel.js';
import { longestRow, profileOps } from '../../../src/screening/kernel/profile-ops.js';
import {
  createBlockScreen,
  type BlockScreen,
  type ScreenOptions,
} from '../../../src/screening/kernel/block-screen.js';
import type { Entity, RecordOf } from '../../../src/core/model.js';
import { fieldRules } from '../../../src/validate/record-check.js';
import { mappingOf } from '../../../src/core/declared-mapping.js';
import type { RowShape } from '../../../src/screening/screening.js';
import { groupFrom, membershipFrom, userFrom } from '../../../src/transform/records-from-columns.js';
import type { FlatRow } from '../../../src/transform/to-records.js';
import { createDigester } from '../../../src/fingerprints/digests.js';
import { DigestTable } from '../../../src/fingerprints/digest-table.js';
import { runs } from '../../support/runs.js';

const KEY = '000102030405060708090a0b0c0d0e0f';

/** The digests of records, as a state has them. */
function tableOf<E extends Entity>(entity: E, records: readonly RecordOf[E][]): DigestTable {
  const table = new DigestTable(records.length);
  const words = createDigester(KEY).ofEach(entity, records);
  table.addBlock(words, records.length);
  return table;
}

/** A way from rows to records, said as columns. */
interface Mapped<E extends Entity> {
  readonly entity: E;
  readonly columns: readonly string[];
  readonly toRecord: (row: FlatRow) => RecordOf[E];
}

function screenOf<E extends Entity>(
  { entity, columns, toRecord }: Mapped<E>,
  format: RowShape['format'],
  table: DigestTable,
  more: Partial<ScreenOptions> = {},
): BlockScreen {
  const screen = createBlockScreen(
    { entity, key: KEY, digests: () => table, ...more },
    {
      format,
      columns: format === 'csv' ? columns : [],
      delimiter: ',',
      maxRecordLength: Infinity,
      mapping: mappingOf(toRecord)?.(format === 'csv' ? columns : undefined),
      rules: fieldRules(entity, { required: [] }),
    },
    0,
  );
  if (screen === undefined) throw new Error('these rows cannot be screened');
  return screen;
}

const inputOf = ({ buffers }: BlockScreen): Buffer => buffers[0] as Buffer;

/** Which rows of a whole input are unchanged. */
function unchangedRows(screen: BlockScreen, bytes: Uint8Array): boolean[] {
  inputOf(screen).set(bytes);
  const rows = screen.next(0, 0, bytes.length, true, 1);
  expect(rows.stopped).toBe(false);
  expect(rows.consumed).toBe(bytes.length);
  return Array.from({ length: rows.count }, (_, row) => rows.isUnchanged(row));
}

const csvLine = (cells: readonly string[]) =>
  cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');

// Anything up to U+FFFF; its bytes are up to three times its length, so that lengths of one and two digits meet.
const anyText = fc.oneof(
  fc.constantFrom('', '"', '""', 'a"b', 'a,b', 'a\r\nb', ' ', '漢', 'Ж'.repeat(9), '漢'.repeat(40)),
  // What JSON may write with escapes, in all places of a text.
  fc.string({
    unit: fc.constantFrom(...'"\\/\b\f\n\r\tab\u0001\u007f\u0080éß\u07ff\u0800漢\uffff'),
    maxLength: 20,
  }),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
    maxLength: 45,
  }),
);
const codeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
const anyId = anyText.filter((text) => text !== '');
const anyEmail = fc.stringMatching(/^[a-z]{1,20}@[a-z]{3,20}$/);
const emptyCells = fc.constantFrom('auto' as const, 'keep' as const, 'omit' as const);

const anyUsers = fc
  .record({
    emptyCell: emptyCells,
    rows: fc.array(fc.tuple(anyId, anyEmail, anyText, anyText), { minLength: 1, maxLength: 10 }),
  })
  .map(({ emptyCell, rows }) => ({
    entity: 'users' as const,
    columns: ['id', 'mail', 'nick', 'address'],
    toRecord: userFrom(
      {
        externalId: 'id',
        profile: { userName: 'mail', email: 'mail', nickName: 'nick', homeAddress: 'address' },
      },
      { emptyCell },
    ),
    rows,
  }));
const anyGroups = fc
  .record({
    emptyCell: emptyCells,
    rows: fc.array(fc.tuple(anyId, anyId, anyText), { minLength: 1, maxLength: 10 }),
  })
  .map(({ emptyCell, rows }) => ({
    entity: 'groups' as const,
    columns: ['id', 'name', 'note'],
    toRecord: groupFrom(
      { externalId: 'id', profile: { displayName: 'name', description: 'note' } },
      { emptyCell },
    ),
    rows,
  }));
const anyMemberships = fc.array(fc.tuple(anyId, anyId), { minLength: 1, maxLength: 10 }).map((rows) => ({
  entity: 'memberships' as const,
  columns: ['team', 'person'],
  toRecord: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
  rows,
}));

const anyMapped = fc.oneof(anyUsers, anyGroups, anyMemberships) as fc.Arbitrary<
  Mapped<'users'> & { readonly rows: readonly (readonly string[])[] }
>;

/**
 * Whether the kernel knows that `validate` accepts the text of a record: other rows are parsed. U+2065 has no character yet, and is in a range of
 * format characters.
 */
function isCertain(record: RecordOf[Entity]): boolean {
  const isVisible = (text: string | null) => text === null || !/[\p{Cc}\p{Cf}\u2065\ufffd]/u.test(text);
  const ids = 'profile' in record ? [record.externalId] : [record.groupExternalId, record.memberExternalId];
  const values: (string | null)[] = 'profile' in record ? Object.values(record.profile) : [];
  return ids.every((id) => isVisible(id) && !/^=|\+/.test(id)) && values.every(isVisible);
}

describe('an unchanged row is recognised by its bytes', () => {
  it('in CSV and in JSON lines, whatever its text, quotes and empty cells', () => {
    fc.assert(
      fc.property(anyMapped, (mapped) => {
        const { entity, columns, toRecord } = mapped;
        const rows = mapped.rows.map(
          (cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i]])) as FlatRow,
        );
        const table = tableOf(entity, rows.map(toRecord));
        const csv = mapped.rows.map(csvLine).join('\n');
        const all = rows.map((row) => isCertain(toRecord(row)));
        expect(unchangedRows(screenOf(mapped, 'csv', table), Buffer.from(csv))).toEqual(all);
        const json = rows.map((row) => JSON.stringify(row)).join('\n');
        // As others write it: slashes escaped, and nothing but ASCII, in digits of either case.
        const ascii = json.replaceAll('/', '\\/').replaceAll(/[^\x00-\x7e]/g, codeUnit);
        const upper = json.replaceAll(/[^\x00-\x7e]/g, (unit) =>
          codeUnit(unit).toUpperCase().replace('U', 'u'),
        );
        for (const text of [json, ascii, upper])
          expect(unchangedRows(screenOf(mapped, 'json-lines', table), Buffer.from(text))).toEqual(all);
      }),
      { numRuns: runs(200) },
    );
  });

  it("also with JSON's null, a member that is of no use, and white space", () => {
    const users = {
      entity: 'users' as const,
      columns: ['id', 'nick'],
      toRecord: userFrom({ externalId: 'id', profile: { nickName: 'nick' } }),
    };
    const table = tableOf('users', [users.toRecord({ id: 'a', nick: null })]);
    const lines = [
      '{"id":"a","nick":null}',
      '\t{ "nick" : null , "id" : "a" } \r',
      '{"id":"a","age":-1.5e+3,"nick":"","old":false,"new":true,"none":null}',
      '{"id":"a","nick":1}',
      '{"id":"a","nick":null,"nested":{}}',
      // Escapes that are none, are cut off, or are half of a pair.
      ...['\\x', '\\u00g1', '\\u004', '\\u', '\\', '\\ud83d\\ude00', '\\udc00'].map(
        (escape) => `{"id":"a","nick":null,"note":"${escape}"}`,
      ),
      // A name that is written with escapes.
      '{"\\u0069d":"a","nick":null}',
      '{"id":"a","nick":null,"id":"a"}',
      '{"id":"a"}',
      '',
    ];
    expect(unchangedRows(screenOf(users, 'json-lines', table), Buffer.from(lines.join('\n')))).toEqual([
      true,
      true,
      true,
      ...lines.slice(3, -1).map(() => false),
    ]);
  });
});

const PAIRS: Mapped<'memberships'> = {
  entity: 'memberships',
  columns: ['team', 'person'],
  toRecord: membershipFrom({ groupExternalId: 'team', memberExternalId: 'person' }),
};
const pair = (i: number) => ({ groupExternalId: `g${i % 7}`, memberExternalId: `u${i}` });

describe('a block of CSV ends', () => {
  it('behind its last line feed that no quote is open at, whatever stands behind the block', () => {
    const screen = screenOf(PAIRS, 'csv', tableOf('memberships', []));
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', '\n', 'a', ','), maxLength: 70 }),
        fc.constantFrom('"', '\n', 'x'),
        (text, behind) => {
          let [quotes, end] = [0, 0];
          for (const [i, character] of Array.from(text).entries()) {
            if (character === '"') quotes++;
            else if (character === '\n' && quotes % 2 === 0) end = i + 1;
          }
          inputOf(screen).fill(behind, 0, 200).write(text);
          expect(screen.wholeRows(0, text.length)).toBe(end);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('the memory of the kernel', () => {
  it.each([0, 1, 2])('a table of %i rows knows just these', (size) => {
    const table = tableOf(
      'memberships',
      Array.from({ length: size }, (_, i) => pair(i)),
    );
    const screen = screenOf(PAIRS, 'csv', table);
    expect(unchangedRows(screen, Buffer.from('g0,u0\ng1,u1\ng2,u2\n'))).toEqual([size > 0, size > 1, false]);
    expect(unchangedRows(screenOf(PAIRS, 'csv', tableOf('memberships', [])), Buffer.from('g0,u0\n'))).toEqual(
      [false],
    );
  });

  it('what an earlier block left behind the input is not read', () => {
    const table = tableOf('memberships', [pair(0), { groupExternalId: 'g0', memberExternalId: 'u' }]);
    const csv = screenOf(PAIRS, 'csv', table);
    const json = screenOf(PAIRS, 'json-lines', table);
    const line = '{"team":"g0","person":"u0"}';
    for (let end = 0; end <= 5; end++) {
      inputOf(csv).fill('g0,u0\n'.repeat(20));
      inputOf(json).fill(`${line}\n`.repeat(20));
      const known = 'g0,u0'.slice(0, end) === 'g0,u0' || 'g0,u0'.slice(0, end) === 'g0,u';
      const rows = csv.next(0, 0, end, true, 1);
      expect(rows.count === 1 && rows.isUnchanged(0), `${end} bytes`).toBe(known);
      const lines = json.next(0, 0, line.length - end, true, 1);
      expect(lines.count === 1 && lines.isUnchanged(0), `all but ${end} bytes`).toBe(end === 0);
    }
  });

  it('an input that fills it is read to its last byte, in as many parts as it takes', () => {
    const table = tableOf(
      'memberships',
      Array.from({ length: 50 }, (_, i) => pair(i)),
    );
    const screen = screenOf(PAIRS, 'csv', table);
    const { length } = inputOf(screen);
    // Rows of six bytes: more than are told at once; the last one ends with the memory of the input.
    let text = 'g1,u1\n'.repeat(Math.floor(length / 6));
    text = 'g2,u9'.padEnd(5 + (length - text.length), 'x') + text.slice(5);
    expect(text.length).toBe(length);
    inputOf(screen).write(text);
    let start = 0;
    let line = 1;
    let known = 0;
    let rows = 0;
    while (start < length) {
      const screened = screen.next(0, start, length, true, line);
      expect(screened.count).toBeGreaterThan(0);
      for (let row = 0; row < screened.count; row++) if (screened.isUnchanged(row)) known++;
      rows += screened.count;
      line = screened.nextLine;
      start = screened.consumed;
    }
    expect(rows).toBe(text.split('\n').length - 1);
    expect(line).toBe(rows + 1);
    expect(known).toBeGreaterThanOrEqual(rows - 1);
  });

  it('grows while others hold views of it, which go on to show the same bytes', () => {
    const memory = new KernelMemory(16);
    const at = memory.allocate(16);
    const before = memory.words(at, 4);
    before.set([1, 2, 3, 4]);
    const far = memory.allocate(10_000_000);
    memory.bytes(far, 10_000_000).fill(7);
    before[0] = 5;
    expect(Array.from(memory.words(at, 4))).toEqual([5, 2, 3, 4]);
    expect(far % 16).toBe(0);
  });

  it('rows of thousands of columns are known', () => {
    const columns = Array.from({ length: 3000 }, (_, i) => `c${i}`);
    const mapped: Mapped<'users'> = {
      entity: 'users',
      columns,
      toRecord: userFrom({ externalId: 'c0', profile: { nickName: 'c2999' } }),
    };
    const cells = columns.map((_, i) => String(i % 10));
    const row = Object.fromEntries(columns.map((name, i) => [name, cells[i]])) as FlatRow;
    const table = tableOf('users', [mapped.toRecord(row)]);
    expect(unchangedRows(screenOf(mapped, 'csv', table), Buffer.from(cells.join(',')))).toEqual([true]);
    expect(unchangedRows(screenOf(mapped, 'json-lines', table), Buffer.from(JSON.stringify(row)))).toEqual([
      false,
    ]);
  });

  it('the longest content has room, and a longer row gets no digest', () => {
    const rules = fieldRules('users', { required: [] });
    const attributes = (count: number, nameLength: number, column = (i: number) => `c${i}`) =>
      Array.from({ length: count }, (_, i) => ({
        name: `${i}`.padEnd(nameLength, 'n'),
        column: column(i),
        empty: 'keep' as const,
        nullStays: true,
      }));
    const longest = (...of: Parameters<typeof attributes>) =>
      longestRow('id', profileOps('users', attributes(...of), rules) ?? []);
    expect(longest(3, 5)).toBe(16_384);
    // One column that serves all of them is written as often.
    expect(longest(10, 5, () => 'c')).toBeLessThan(3_400);
    expect(longest(10, 5, () => 'id')).toBeLessThan(3_100);
    expect(longest(300, 100)).toBeLessThan(1_000);
    expect(longest(400, 100)).toBe(0);

    const count = 40;
    const mapped: Mapped<'users'> = {
      entity: 'users',
      columns: ['id', 'c'],
      toRecord: userFrom({
        externalId: 'id',
        profile: Object.fromEntries(attributes(count, 60).map(({ name }) => [name, 'c'])),
      }),
    };
    const most = longestRow(
      'id',
      profileOps(
        'users',
        attributes(count, 60, () => 'c'),
        rules,
      ) ?? [],
    );
    const row = (bytes: number) => ({ id: 'a', c: 'x'.repeat(bytes - 2) });
    const table = tableOf('users', [mapped.toRecord(row(most)), mapped.toRecord(row(most + 1))]);
    const text = [most, most + 1].map((bytes) => Object.values(row(bytes)).join(',')).join('\n');
    expect(unchangedRows(screenOf(mapped, 'csv', table), Buffer.from(text))).toEqual([true, false]);
  });

  it('memberships of what is removed are not known, and hardly any other', () => {
    const pairs = Array.from({ length: 200 }, (_, i) => pair(i));
    const removed = { users: new Set(['u3', 'u9']), groups: new Set(['g5']) };
    const screen = screenOf(PAIRS, 'csv', tableOf('memberships', pairs), { changed: removed });
    const text = pairs.map(({ groupExternalId: g, memberExternalId: m }) => `${g},"${m}"\n`).join('');
    const expected = pairs.map(
      ({ groupExternalId: g, memberExternalId: m }) => !removed.groups.has(g) && !removed.users.has(m),
    );
    expect(unchangedRows(screen, Buffer.from(text))).toEqual(expected);
  });
});
