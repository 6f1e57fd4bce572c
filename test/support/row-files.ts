import fc from 'fast-check';
import type { AttributeLimit } from '../../src/core/limits.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';
import type { RecordFromOptions } from '../../src/transform/records-from-columns.js';
import type { Cuts } from './two-ways.js';

/** Texts that are ordinary, at a limit, beyond it, or difficult to parse. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('Ann', 'Bob', 'a@b.example', 'x@y.z', 'x', 'Zoë') },
  { weight: 2, arbitrary: fc.constantFrom('', '', ' ', ' pad ', '\t') },
  { weight: 2, arbitrary: fc.constantFrom('"', '""', 'a"b', ',', 'a,b', 'a\nb', 'a\r\nb', 'a\rb', '"\n"') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('é', '漢字', '\uffff', '\ufeff', '\ufeffx', '😀', 'a😀b', '\u2028', '\u0000'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'ü@x.example',
      'a@@b',
      '@bcde',
      'abcd@',
      'a b@c.d',
      'ab@c\u00a0d',
      'a@b\u001cc',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(4, 5, 9, 10, 50, 51, 99, 100, 101, 255, 256, 512, 513, 1024, 1025),
        fc.constantFrom('n', 'é', '漢'),
      )
      .map(([length, unit]) => unit.repeat(length)),
  },
);

/** Attributes of a user, and their columns. */
export const PROFILE_COLUMNS = {
  userName: 'mail',
  email: 'mail',
  firstName: 'first',
  nickName: 'nïck',
  secondEmail: 'second',
};

/** A subset of {@link PROFILE_COLUMNS}. */
export const anyProfileColumns: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .subarray(Object.keys(PROFILE_COLUMNS), { minLength: 1 })
  .map((names) =>
    Object.fromEntries(Object.entries(PROFILE_COLUMNS).filter(([name]) => names.includes(name))),
  );

export const anyRecordOptions: fc.Arbitrary<RecordFromOptions> = fc.record(
  {
    emptyCell: fc.constantFrom('auto' as const, 'keep' as const, 'omit' as const),
    missingColumn: fc.constantFrom('fail' as const, 'empty' as const),
  },
  { requiredKeys: [] },
);

/** A row of today: the number of a row of yesterday, and its change. */
export interface RowEdit {
  readonly of: number;
  readonly edit: 'same' | 'changed' | 'new';
  /** The column that changes, and its new text. */
  readonly column: number;
  readonly text: string;
}

export const anyEdits: fc.Arbitrary<readonly RowEdit[]> = fc.array(
  fc.record({
    of: fc.nat(11),
    edit: fc.constantFrom<RowEdit['edit'][]>('same', 'same', 'same', 'same', 'changed', 'new'),
    column: fc.nat(5),
    text: anyText,
  }),
  { maxLength: 24 },
);

/** The rows of today. A new row has an id that yesterday does not have. */
export function edited<V>(
  yesterday: readonly (readonly V[])[],
  edits: readonly RowEdit[],
  value: (text: string) => V,
  id: number,
): V[][] {
  if (yesterday.length === 0) return [];
  return edits.map(({ of, edit, column, text }, i) => {
    const row = [...(yesterday[of % yesterday.length] as readonly V[])];
    if (edit === 'changed') row[column % row.length] = value(text);
    if (edit === 'new') row[id] = value(`new${i}`);
    return row;
  });
}

/** The format of a CSV file. */
export interface CsvStyle {
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  readonly mark: boolean;
  readonly quoteAll: boolean;
  readonly end: string;
}

export const anyCsvStyle: fc.Arbitrary<CsvStyle> = fc.record({
  delimiter: fc.constantFrom(',', ',', ',', ';', '\t', '|', '§'),
  lineEnd: fc.constantFrom('\n', '\n', '\r\n'),
  mark: fc.boolean(),
  quoteAll: fc.constantFrom(false, false, true),
  end: fc.constantFrom('\n', '\n', '', '\n\n', '\r\n\r\n', '\r'),
});

export function csvLine(cells: readonly string[], { delimiter, quoteAll }: CsvStyle): string {
  return cells
    .map((cell) =>
      quoteAll || /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(delimiter);
}

export function csvText(lines: readonly string[], { lineEnd, mark, end }: CsvStyle): string {
  return (mark ? '\ufeff' : '') + lines.join(lineEnd) + end;
}

export const anyCuts: fc.Arbitrary<Cuts> = fc.oneof(
  fc.constant([]),
  fc.array(fc.nat(3000), { maxLength: 12 }),
  fc.constant('everywhere' as const),
);

/** An additional line that is not a valid row; most files have none. */
export const anyFault: fc.Arbitrary<{ readonly at: number; readonly line: string } | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 3,
    arbitrary: fc.record({
      at: fc.nat(24),
      line: fc.constantFrom('', 'a', 'a,b,c,d,e,f,g,h,i', '"open', '"a"b,c', 'a\rb', '\ufeff', ' '),
    }),
  },
);

/** A byte that makes the file invalid UTF-8; most files have none. */
export const anyBreak: fc.Arbitrary<{ readonly at: number; readonly byte: number } | undefined> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(2000), byte: fc.constantFrom(0xff, 0xc3, 0x80, 0xf0) }) },
);

export function bytesOfText(text: string, broken: { at: number; byte: number } | undefined): Buffer {
  const bytes = Buffer.from(text);
  if (broken !== undefined && bytes.length > 0) bytes[broken.at % bytes.length] = broken.byte;
  return bytes;
}

const anyLimit: fc.Arbitrary<AttributeLimit> = fc.record({
  min: fc.constantFrom(0, 1, 2, 1.5, -1),
  max: fc.constantFrom(3, 10, 2.5, Infinity, 2 ** 32 + 1, -1),
  nullable: fc.boolean(),
});

/** Options of `validate` for an entity with these attributes. */
export function anyValidate(attributes: readonly string[]): fc.Arbitrary<ValidateOptions> {
  return fc
    .record(
      {
        required: fc.oneof(fc.constant([]), fc.subarray([...attributes]), fc.constant(['elsewhere'])),
        coerce: fc.constantFrom(true, false, { numbers: true }),
        unsupportedCharacters: fc.constantFrom('reject' as const, { replaceWith: '?' }),
        attributes: fc.dictionary(fc.constantFrom(...attributes), anyLimit, { maxKeys: 2 }),
      },
      { requiredKeys: [] },
    )
    .map((options) => ({ required: [], ...options }));
}
