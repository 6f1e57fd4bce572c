import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { borders, bytewise, cut, drain } from './support.js';

describe('fromJsonLines', () => {
  it('gives back every object, with its line, whatever the chunk borders', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
            fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\r\n'),
          ),
        ),
        fc.boolean(),
        fc.boolean(),
        borders,
        async (objects, bom, lastNewline, at) => {
          let text = bom ? '\ufeff' : '';
          const lines: number[] = [];
          objects.forEach(([object, end], i) => {
            lines.push(text.split('\n').length);
            text += JSON.stringify(object) + (i < objects.length - 1 || lastNewline ? end : '');
          });
          const result = await drain(fromJsonLines(cut(text, at)));
          expect(result.error).toBeUndefined();
          expect(result.records).toEqual(
            objects.map(([object]) => JSON.parse(JSON.stringify(object)) as unknown),
          );
          expect(result.lines).toEqual(lines);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['{"a":1}\n{"secret":"hunter2"\n', 2, 'not valid JSON'],
    ['{"a":1}\n\n[1]\n', 3, 'not a JSON object'],
    ['"text"\n', 1, 'not a JSON object'],
    ['null', 1, 'not a JSON object'],
    ['{"a":1}{"a":2}\n', 1, 'not valid JSON'],
    ['{"a":1}\n{"a":', 2, 'not valid JSON'],
  ])('refuses %j, naming file and line but no value', async (text, line, message) => {
    const { error } = await drain(fromJsonLines(bytewise(text), { name: 'people.jsonl' }));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({
      file: 'people.jsonl',
      line,
      message: expect.stringContaining(message) as string,
    });
    expect((error as Error).message).not.toContain('hunter2');
    expect((error as Error).cause).toBeUndefined();
  });

  it('a key called __proto__ sets no prototype', async () => {
    const { records } = await drain(fromJsonLines(['{"__proto__":{"admin":true}}\n']));
    expect(Object.getPrototypeOf(records[0])).toBe(Object.prototype);
    expect((records[0] as { admin?: boolean }).admin).toBeUndefined();
  });

  it('a line without an end is not gathered for ever', async () => {
    const endless = (function* () {
      for (;;) yield 'x'.repeat(1000);
    })();
    const { error } = await drain(fromJsonLines(endless, { maxRecordLength: 5000 }));
    expect(error).toMatchObject({ line: 1, message: expect.stringContaining('maxRecordLength') as string });
  });

  it('checks its options when it is called', () => {
    expect(() => fromJsonLines('x', { maxRecordLength: -1 })).toThrow(OptionsError);
    expect(() => fromJsonLines('x', { path: 'a' } as never)).toThrow(OptionsError);
  });
});
