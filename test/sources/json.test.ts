import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { borders, bytewise, cut, drain } from './support.js';

const read = (text: string, options = {}) => drain(fromJson<unknown>(bytewise(text), options));

describe('fromJson', () => {
  it('gives the elements of the array at the path, whatever stands around it and whatever the chunk borders', async () => {
    const key = fc.string({ unit: 'binary', maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.array(fc.oneof(key, fc.nat(3)), { maxLength: 4 }),
        fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 3 }),
        fc.constantFrom(undefined, 1, '\t'),
        borders,
        async (elements, path, neighbours, indent, at) => {
          let document: unknown = elements;
          for (const step of [...path].reverse()) {
            if (typeof step === 'number') {
              document = [
                ...Array.from({ length: step }, (_, i) => neighbours[i]?.[1] ?? [i]),
                document,
                { [String(step)]: 0 },
              ];
            } else {
              document = Object.fromEntries([
                ...neighbours.filter(([name]) => name !== step),
                [step, document],
              ]);
            }
          }
          const text = JSON.stringify(document, null, indent);
          const expected = walk(JSON.parse(text), path);
          fc.pre(Array.isArray(expected));
          const { records, error } = await drain(fromJson<unknown>(cut(text, at), { path }));
          expect(error).toBeUndefined();
          expect(records).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('a document that is cut off anywhere is refused', async () => {
    const text =
      '{"meta":{"people":3},"data":{"people":[{"id":"a","n":[1,2.5e3]},{"id":"b\\u00e9"}],"more":[true,null]},"end":-1}';
    expect(await read(text, { path: 'data.people' })).toMatchObject({
      records: [{ id: 'a', n: [1, 2500] }, { id: 'bé' }],
      error: undefined,
    });
    for (let length = 0; length < text.length; length++) {
      const { error } = await read(text.slice(0, length), { path: 'data.people' });
      expect(error, text.slice(0, length)).toBeInstanceOf(SourceError);
    }
  });

  it.each([
    ['{"value":[1],"@odata.nextLink":null}', 'value'],
    ['{"value":[1],"other":{"nextLink":"x"}}', 'value'],
    ['{"nextLink":"x","a":{"value":[1]}}', 'a.value'],
    ['{"value":["nextLink"]}', 'value'],
  ])('reads %j at %j, which is not one page of several', async (text, path) => {
    const { records, error } = await drain(fromJson([text], { path }));
    expect(error).toBeUndefined();
    expect(records).toHaveLength(1);
  });

  it.each([
    ['{"a":1}', 'b', 'has no "b"'],
    ['{"a":{"b":[]}}', 'b', 'has no "b"'],
    ['[[1]]', '1', 'has no "1"'],
    ['{"a":{"x":[]}}', 'a', '"a" is not an array'],
    ['{"a":null}', 'a', '"a" is not an array'],
    ['{}', undefined, 'the document is an object without an array of records'],
    ['{"x":{"y":[],"z":{"n":1}},"w":[[]]}', undefined, 'its arrays are "x.y", "w"'],
    [
      `{${Array.from({ length: 6000 }, (_, i) => `"p${i}":1`).join()}}`,
      undefined,
      'without an array of records',
    ],
    ['{"a":1,"value":[{"id":"1"}],"b":[]}', undefined, 'its arrays are "value", "b"'],
    ['{"id":"1"}\n{"id":"2"}\n', undefined, 'looks like JSON lines'],
    [
      '{"value":[1],"@odata.nextLink":"https://example.com/2"}',
      'value',
      'one page of several: it has "@odata.nextLink"',
    ],
    ['{"nextPageToken":"x","value":[1]}', 'value', 'one page of several'],
    ['{"a":{"value":[1],"nextLink":"x"}}', 'a.value', 'one page of several'],
    ['7', undefined, 'the document is not an array'],
    ['{"a":[1],"a":[2]}', 'a', 'appears twice'],
    ['[1] x', undefined, 'not valid JSON: it goes on after its end; were two files joined?'],
    ['[1]\n[2]', undefined, 'it goes on after its end'],
    ['[1,]', undefined, 'not valid JSON'],
    ['[\n1,\n😀 {2}]', undefined, 'export.json:3: the document is not valid JSON'],
    ['<!DOCTYPE html><html>', undefined, 'this is HTML or XML'],
    ['[01]', undefined, 'not valid JSON'],
    ['{"a":[1]}}', 'a', 'not valid JSON'],
    ['', undefined, 'truncated or empty'],
  ])('refuses %j at %j: %s', async (text, path, message) => {
    const { error } = await drain(
      fromJson([text], { name: 'export.json', ...(path !== undefined && { path }) }),
    );
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ file: 'export.json', message: expect.stringContaining(message) as string });
  });

  it('finds keys with dots, and arrays in arrays', async () => {
    expect((await read('{"a.b":[1],"a":{"b":[2]}}', { path: ['a.b'] })).records).toEqual([1]);
    expect((await read('{"a.b":[1],"a":{"b":[2]}}', { path: 'a.b' })).records).toEqual([2]);
    expect((await read('{"pages":[{"x":[]},{"x":[[1],[2]]}]}', { path: 'pages.1.x' })).records).toEqual([
      [1],
      [2],
    ]);
    expect((await read('[{"a":[]}]', { path: [0, 'a'] })).records).toEqual([]);
  });

  it('reads a document that is one object as one record', async () => {
    const one = '{\n "id": 7,\n "dept": {"name": "x"}\n}\n';
    expect((await read(one)).records).toEqual([{ id: 7, dept: { name: 'x' } }]);
    expect((await read(one.slice(0, -3))).error).toMatchObject({
      message: expect.stringContaining('truncated') as string,
    });
  });

  it('a key called __proto__ sets no prototype', async () => {
    const { records } = await read('[{"__proto__":{"admin":true}}]');
    expect(Object.getPrototypeOf(records[0])).toBe(Object.prototype);
  });

  it('checks its options when it is called', () => {
    expect(() => fromJson('x', { path: [1.5] })).toThrow(OptionsError);
    expect(() => fromJson('x', { path: 3 as never })).toThrow(OptionsError);
    expect(() => fromJson('x', { pth: 'a' } as never)).toThrow(OptionsError);
  });
});

function walk(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
