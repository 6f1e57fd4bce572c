import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbortedError, OptionsError, SourceError } from '../../src/core/errors.js';
import { fromPages, type Page } from '../../src/sources/from-pages.js';
import { drain } from './support.js';

describe('fromPages', () => {
  it('gives every record of every page in order, one chunk a page', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat()), { minLength: 1 }), async (pages) => {
        const asked: (number | undefined)[] = [];
        const flow = fromPages<number, number>(async (cursor) => {
          asked.push(cursor);
          const at = cursor ?? 0;
          return at + 1 < pages.length
            ? { records: pages[at] ?? [], next: at + 1 }
            : { records: pages[at] ?? [], next: null };
        });
        const chunks: (readonly number[])[] = [];
        for await (const chunk of flow.chunks()) chunks.push(chunk);
        expect(chunks.map((chunk) => [...chunk])).toEqual(pages.filter((page) => page.length > 0));
        expect(asked).toEqual(pages.map((_, i) => (i === 0 ? undefined : i)));
      }),
    );
  });

  it('ends at a page whose next is null', async () => {
    expect((await drain(fromPages<number>(async () => ({ records: [1], next: null })))).records).toEqual([1]);
  });

  it.each([{}, { next: undefined }, { next: '' }, { nextToken: 'a' }])(
    'fails at a page without a cursor, %j: an ended read would remove everybody on the pages after it',
    async (rest) => {
      const fetchPage = async () => ({ records: [1], ...rest }) as Page<number, string>;
      const { records, error } = await drain(fromPages<number>(fetchPage, { name: 'people' }));
      expect(records).toEqual([1]);
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: 'people' });
      expect((error as Error).message).toContain(
        'page 1 has no cursor "next": set it to null on the last page',
      );
    },
  );

  it('refuses a cursor that came before, of whatever kind, after the records of its page', async () => {
    const cursors: unknown[] = [7, 'seven', { page: 7 }, Buffer.from('seven')];
    for (const repeated of cursors) {
      const copy = () => (Buffer.isBuffer(repeated) ? Buffer.from(repeated) : structuredClone(repeated));
      const { records, error } = await drain(
        fromPages<number, unknown>(async () => ({ records: [1], next: copy() })),
      );
      expect(records).toEqual([1, 1]);
      expect(error).toBeInstanceOf(SourceError);
    }
    let page = 0;
    const scroll = fromPages<number>(async () => ({ records: [page], next: ++page < 4 ? 'scroll' : null }), {
      allowRepeatedCursor: true,
    });
    expect((await drain(scroll)).records).toEqual([0, 1, 2, 3]);
  });

  it('fetches a page when its records are asked for, never ahead', async () => {
    let fetched = 0;
    const flow = fromPages<number, number>(async (cursor = 0) => {
      fetched++;
      return { records: [cursor], next: cursor + 1 };
    });
    expect(fetched).toBe(0);
    for await (const record of flow) if (record === 2) break;
    expect(fetched).toBe(3);
  });

  it('a page that fails or is none fails the flow, with its number and cause', async () => {
    const fault = new Error('503');
    const failing = await drain(
      fromPages<number, number>(
        async (cursor) => {
          if (cursor === 1) throw fault;
          return { records: [1], next: 1 };
        },
        { name: 'hr api' },
      ),
    );
    expect(failing.records).toEqual([1]);
    expect(failing.error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: 'hr api', cause: fault });
    for (const page of [undefined, {}, { records: 'text' }, []]) {
      const { error } = await drain(fromPages(async () => page as unknown as Page<number, string>));
      expect(error).toBeInstanceOf(SourceError);
    }
  });

  it('stops between two pages when its signal is aborted, and hands the signal on', async () => {
    const abort = new AbortController();
    const given: unknown[] = [];
    const flow = fromPages<number, number>(
      async (cursor = 0, signal) => {
        given.push(signal);
        if (cursor === 1) abort.abort();
        return { records: [cursor], next: cursor + 1 };
      },
      { signal: abort.signal },
    );
    const { records, error } = await drain(flow);
    expect(records).toEqual([0, 1]);
    expect(error).toBeInstanceOf(AbortedError);
    expect(given).toEqual([abort.signal, abort.signal]);
  });

  it('takes pages from an iterable, one chunk each, and ends or fails as it does', async () => {
    const fault = new Error('connection lost');
    const anyPages = fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(anyPages, fc.boolean(), fc.boolean(), async (pages, fails, readAhead) => {
        async function* read() {
          for (const page of pages) yield await Promise.resolve(page);
          if (fails) throw fault;
        }
        const chunks: (readonly number[])[] = [];
        let error: unknown;
        try {
          for await (const chunk of fromPages(read(), { readAhead }).chunks()) chunks.push(chunk);
        } catch (caught) {
          error = caught;
        }
        expect(chunks).toEqual(pages.filter((page) => page.length > 0));
        expect(error).toBe(fails ? fault : undefined);
      }),
    );
    expect((await drain(fromPages([[1, 2], [3]]))).records).toEqual([1, 2, 3]);
    const rows = await drain(fromPages([[1], 'text'] as unknown as number[][], { name: 'people' }));
    expect(rows.records).toEqual([1]);
    expect(rows.error).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: 'people' });
  });

  it.each([false, true])('closes an iterable that is left early (read ahead: %j)', async (readAhead) => {
    let [read, closed] = [0, false];
    async function* pages() {
      try {
        for (;;) yield [read++];
      } finally {
        closed = true;
      }
    }
    for await (const record of fromPages(pages(), { readAhead })) if (record === 2) break;
    expect(closed).toBe(true);
    expect(read).toBe(readAhead ? 4 : 3);
  });

  it('has one page under way while the records of another are worked on, and never two', async () => {
    let [fetched, underWay, most] = [0, 0, 0];
    const flow = fromPages<number, number>(
      async (cursor = 0) => {
        fetched++;
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        underWay--;
        return { records: [cursor], next: cursor + 1 };
      },
      { readAhead: true },
    );
    expect(fetched).toBe(0);
    for await (const record of flow) {
      expect(fetched).toBe(record + 2);
      if (record === 5) break;
    }
    expect([fetched, underWay, most]).toEqual([7, 0, 1]);
  });

  it('tells of a page that failed ahead when its turn comes', async () => {
    const failing = fromPages<number, number>(
      async (cursor = 0) => {
        if (cursor === 2) throw new Error('503');
        return { records: [cursor], next: cursor + 1 };
      },
      { readAhead: true },
    );
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const record of failing) {
          await new Promise(setImmediate);
          seen.push(record);
        }
      })(),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SOURCE' });
    expect(seen).toEqual([0, 1]);
  });

  it('checks its options when it is called', () => {
    expect(() => fromPages(undefined as never)).toThrow(OptionsError);
    expect(() => fromPages(async () => ({ records: [], next: null }), { signal: 7 as never })).toThrow(
      OptionsError,
    );
    expect(() => fromPages(async () => ({ records: [], next: null }), { limit: 7 } as never)).toThrow(
      OptionsError,
    );
    expect(() => fromPages(async () => ({ records: [], next: null }), { readAhead: 1 as never })).toThrow(
      OptionsError,
    );
    expect(() => fromPages(7 as never)).toThrow(OptionsError);
  });
});
