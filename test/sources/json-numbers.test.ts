import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/core/errors.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { drain } from './support.js';

const WRITTEN = ['0.5', '1.0', '1e3', '-0', '-12.50E-3', '12345678901234567890', '7'];

describe('numbers of JSON', () => {
  it('are texts as they are written, with numbers: text', async () => {
    const row = `{"a":[${WRITTEN.join()}],"b":{"c":1.0},"d":"1.0 \\"2\\" \\\\","e":true,"f":null}`;
    const expected = { a: WRITTEN, b: { c: '1.0' }, d: '1.0 "2" \\', e: true, f: null };
    const options = { numbers: 'text' } as const;
    expect((await drain(fromJsonLines([`${row}\n`], options))).records).toEqual([expected]);
    expect((await drain(fromJson([`[${row}]`], options))).records).toEqual([expected]);
    expect((await drain(fromJson([row.replace(/\[.*?\]/, '1e3')], options))).records).toMatchObject([
      { a: '1e3' },
    ]);
  });

  it('are numbers without the option', async () => {
    expect((await drain(fromJsonLines(['{"a":1.0}']))).records).toEqual([{ a: 1 }]);
    expect((await drain(fromJson(['[{"a":1.0}]']))).records).toEqual([{ a: 1 }]);
    expect(() => fromJson('x', { numbers: 'words' as never })).toThrow(OptionsError);
  });

  it.each(['{"a":01}', '{"a":1.}', '{1:2}', '{"a":+1}', '{"a":1e}'])('%s stays invalid', async (line) => {
    const { error } = await drain(fromJsonLines([line], { numbers: 'text' }));
    expect(error).toMatchObject({ message: expect.stringContaining('not valid JSON') as string });
  });

  it('that are texts change nothing else', async () => {
    const asText = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
        typeof inner === 'number' ? JSON.stringify(inner) : inner,
      );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), async (object) => {
        const { records } = await drain(fromJsonLines([JSON.stringify(object)], { numbers: 'text' }));
        expect(records).toEqual([asText(object)]);
      }),
      { numRuns: 100, examples: [[{ '"1': [{ '\\': 1e21 }, '-1', 5e-324] }]] },
    );
  });
});
