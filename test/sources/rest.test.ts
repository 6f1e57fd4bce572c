import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SourceError } from '../../src/core/errors.js';
import { fromRest, type RestRow } from '../../src/sources/rest/from-rest.js';
import type { RestOptions } from '../../src/sources/rest/rest-options.js';

type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => void;

/** A server on loopback. */
async function serve(handler: Handler): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url as string, 'http://localhost');
    asked.push(`${url.pathname}${url.search}`);
    handler(url, response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) =>
  void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

const people = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ id: `p${from + i}` }));

async function read(url: string, options: Omit<RestOptions, 'url'>): Promise<string[]> {
  const rows: RestRow[] = [];
  for await (const row of fromRest({ url, retryPauseMs: 1, ...options })) rows.push(row);
  return rows.map(({ id }) => String(id));
}

const ids = (count: number) => people(0, count).map(({ id }) => id);

describe('fromRest', () => {
  it('follows the header Link, relative or not, among other links', async () => {
    const { url } = await serve(({ searchParams }, response) => {
      const page = Number(searchParams.get('page') ?? 0);
      const next = page < 2 ? `, </people?page=${page + 1}>; title="rel=prev"; rel="last next"` : '';
      json(response, people(page * 2, page * 2 + 2), { link: `</people>; rel="self"${next}` });
    });
    expect(await read(`${url}/people`, { next: 'link' })).toEqual(ids(6));
  });

  it('passes a cursor on as a parameter, and keeps the others', async () => {
    const { url, asked } = await serve(({ searchParams }, response) => {
      const from = Number(searchParams.get('after') ?? 0);
      json(response, {
        data: { people: people(from, from + 3) },
        meta: { next: from < 6 ? from + 3 : null },
      });
    });
    const next = { cursor: 'meta.next', parameter: 'after' };
    expect(await read(`${url}/?active=true`, { path: 'data.people', next })).toEqual(ids(9));
    expect(asked).toEqual(['/?active=true', '/?active=true&after=3', '/?active=true&after=6']);
  });

  it('follows an address in the document, whose name contains dots', async () => {
    const { url } = await serve((asked, response) => {
      const isLast = asked.searchParams.has('skip');
      const next = { '@odata.nextLink': `http://${asked.host}/never` };
      json(response, {
        value: people(isLast ? 2 : 0, isLast ? 5 : 2),
        ...(isLast ? {} : { ...next, '@odata.nextLink': '/users?skip=2' }),
      });
    });
    expect(await read(url, { path: 'value', next: { url: '@odata.nextLink', optional: true } })).toEqual(
      ids(5),
    );
  });

  it('counts pages and rows until a page is empty; a short page in the middle does not end the read', async () => {
    const parts = [people(0, 4), people(4, 5), people(5, 9), []];
    const { url } = await serve(({ searchParams }, response) => {
      const page = searchParams.get('page');
      if (page !== null) json(response, parts[Number(page) - 1]);
      else
        json(
          response,
          people(0, 9).slice(Number(searchParams.get('start')), Number(searchParams.get('start')) + 4),
        );
    });
    expect(await read(url, { next: { page: 'page' } })).toEqual(ids(9));
    expect(await read(url, { next: { offset: 'start' } })).toEqual(ids(9));
  });

  it('sends the credentials, and compares the number of rows with that of the service', async () => {
    const { url } = await serve((_, response, { headers }) =>
      json(response, { rows: people(0, 3), total: 3, seen: headers.authorization }, { 'x-total-count': '4' }),
    );
    const options = { path: 'rows', next: 'none', authorization: 'Bearer secret' } as const;
    expect(await read(url, { ...options, total: 'total' })).toEqual(ids(3));
    await expect(read(url, { ...options, total: 'header:x-total-count' })).rejects.toThrow(
      'the service says that it has 4 rows, and 3 were read',
    );
    await expect(read(url, { ...options, total: 'count' })).rejects.toThrow('no number of rows in "count"');
  });

  it('repeats a page after 429 and 5xx and lost connections', async () => {
    let tries = 0;
    const { url, asked } = await serve((_, response, request) => {
      tries++;
      if (tries === 1) response.writeHead(429, { 'retry-after': '0' }).end();
      else if (tries === 2) response.writeHead(503).end();
      else if (tries === 3) request.socket.destroy();
      else json(response, people(0, 2));
    });
    expect(await read(url, { next: 'none' })).toEqual(ids(2));
    expect(asked).toHaveLength(4);
  });

  it.each<[string, Omit<RestOptions, 'url'>, Handler, string]>([
    [
      'no cursor on the first page',
      { next: { cursor: 'next', parameter: 'c' }, path: 'rows' },
      (_, r) => json(r, { rows: people(0, 2), nxt: 'x' }),
      'has no "next", so it is not certain',
    ],
    [
      'a repeated cursor',
      { next: { cursor: 'next', parameter: 'c' }, path: 'rows' },
      ({ searchParams }, r) =>
        json(r, { rows: [{ id: searchParams.get('c') }], next: searchParams.has('c') ? 'a' : 'a' }),
      'the address of an earlier page',
    ],
    [
      'a parameter that the service ignores',
      { next: { page: 'p' } },
      (_, r) => json(r, people(0, 2)),
      'the same rows as the page before',
    ],
    [
      'another server',
      { next: 'link' },
      (_, r) => json(r, people(0, 2), { link: '<http://elsewhere.example/x>; rel=next' }),
      'it must be at http://127.0.0.1',
    ],
    [
      'one page of several by its header',
      { next: 'none' },
      (_, r) => json(r, people(0, 2), { link: '</2>; rel="next"' }),
      'one page of several',
    ],
    [
      'one page of several by its property',
      { next: 'none', path: 'value' },
      (_, r) => json(r, { value: [], '@odata.nextLink': 'x' }),
      'one page of several',
    ],
    [
      'a redirect',
      { next: 'none' },
      (_, r) => void r.writeHead(302, { location: 'https://login.example/?token=abc' }).end(),
      'a redirect to https://login.example;',
    ],
    [
      'a page of HTML',
      { next: 'none' },
      (_, r) => void r.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>Anna</p>'),
      '200 with text/html, which is not JSON',
    ],
    [
      'no access',
      { next: 'none' },
      (_, r) => void r.writeHead(401).end('{"name":"Anna"}'),
      'it does not accept the credentials',
    ],
    [
      '5xx for ever',
      { next: 'none', retries: 2 },
      (_, r) => void r.writeHead(500).end('Anna'),
      'answered 500',
    ],
    ['no array', { next: 'none' }, (_, r) => json(r, { rows: [] }), 'the document is not an array of rows'],
    [
      'a row that is no object',
      { next: 'none' },
      (_, r) => json(r, [{ id: 1 }, 'Anna']),
      'row 2 is not an object',
    ],
    [
      'a number that is too large',
      { next: 'none' },
      (_, r) => void r.end('[{"id":12345678901234567890}]'),
      'a number in "id" that JavaScript cannot represent',
    ],
    [
      'an answer that is cut off',
      { next: 'none', retries: 0 },
      (_, r) => {
        r.writeHead(200, { 'content-length': '100' });
        r.write('[{"id":"p1"}');
        setImmediate(() => r.destroy());
      },
      'so nothing counts as removed',
    ],
  ])('fails with %s', async (_, options, handler, message) => {
    const { url } = await serve(handler);
    const failure = await read(`${url}/?key=hidden`, { authorization: 'Basic hidden', ...options }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(SourceError);
    expect((failure as Error).message).toContain(message);
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toMatch(/Anna|hidden|abc/);
  });

  it('fails with a server that is not there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const reading = read(`http://127.0.0.1:${port}`, { next: 'none', retries: 1 });
    await expect(reading).rejects.toThrow('ECONNREFUSED');
  });

  it.each<[string, object]>([
    ['url', { url: 'hr.example.com' }],
    ['url', { url: 'https://me:secret@hr.example.com' }],
    ['next', {}],
    ['next', { next: {} }],
    ['next.parameter', { next: { cursor: 'a' } }],
    ['next.optional', { next: { url: 'a', optional: 1 } }],
    ['from', { next: { url: 'a', from: 1 } }],
    ['next.from', { next: { page: 'p', from: -1 } }],
    ['retries', { next: 'none', retries: -1 }],
    ['pages', { next: 'none', pages: 1 }],
  ])('checks its options: %s', (option, options) => {
    const call = () => fromRest({ url: 'https://hr.example.com', ...options } as unknown as RestOptions);
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', option }) as Error);
    expect(call).not.toThrow('secret');
  });
});
