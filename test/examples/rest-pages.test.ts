import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { collection, type KeptPages } from '../../examples/rest-pages.js';
import { startStaffApi, type Person } from '../../examples/support/staff-api.js';

const people = (url: string, kept: KeptPages = new Map(), token?: string) =>
  collection<Person>(`${url}/people`, kept, token);

async function idsOf(records: AsyncIterable<Person>): Promise<string> {
  const ids: string[] = [];
  for await (const { id } of records) ids.push(id);
  return ids.join(' ');
}

describe('the REST example', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function api() {
    const started = await startStaffApi();
    closing.push(() => started[Symbol.asyncDispose]());
    return started;
  }
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('follows the links, and is told of what is unchanged by 304 alone', async () => {
    const { url, answered } = await api();
    const kept: KeptPages = new Map();
    expect(await idsOf(people(url, kept))).toBe('p1 p2 p3 p4 p5 p6 p7');
    expect(answered).toEqual({ 200: 3 });
    expect(await idsOf(people(url, kept))).toBe('p1 p2 p3 p4 p5 p6 p7');
    expect(answered).toEqual({ 200: 3, 304: 3 });
  });

  it('sees who comes after a page that was the last', async () => {
    const { url, people: staff } = await api();
    const kept: KeptPages = new Map();
    staff.splice(6);
    expect(await idsOf(people(url, kept))).toBe('p1 p2 p3 p4 p5 p6');
    staff.push({ ...(staff[0] as Person), id: 'p8' });
    expect(await idsOf(people(url, kept))).toBe('p1 p2 p3 p4 p5 p6 p8');
  });

  it('takes the link of a 304, where the tag is of the records alone', async () => {
    let more = false;
    const page = JSON.stringify([{ id: 'p1' }]);
    const url = await serve((request, response) => {
      const second = request.url === '/people?page=2';
      response.setHeader('etag', second ? '"2"' : '"1"');
      if (more && !second) response.setHeader('link', '</people?page=2>; rel="next"');
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.end(second ? JSON.stringify([{ id: 'p2' }]) : page);
    });
    const kept: KeptPages = new Map();
    expect(await idsOf(people(url, kept))).toBe('p1');
    more = true;
    expect(await idsOf(people(url, kept))).toBe('p1 p2');
  });

  it('fails when fewer come than there are, and forgets what it kept', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('x-total-count', '2').setHeader('etag', '"1"');
      response.end(JSON.stringify([{ id: 'p1' }]));
    });
    const kept: KeptPages = new Map();
    await expect(idsOf(people(url, kept))).rejects.toThrow('/people gave 1 records of 2');
    expect(kept.size).toBe(0);
  });

  it('fails for an answer that is no page, and hands its token to no other origin', async () => {
    const seen: unknown[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('[]');
    });
    const url = await serve((_request, response) => {
      response.setHeader('link', `<${other}/people>; rel="next"`).end('[]');
    });
    await expect(idsOf(people(url, new Map(), 'secret'))).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_SOURCE',
      cause: { message: `${url}/people links to another origin` },
    });
    expect(seen).toEqual([]);
    const broken = await serve((_request, response) => response.writeHead(503).end());
    await expect(idsOf(people(broken))).rejects.toMatchObject({ cause: { message: '/people answered 503' } });
  });
});
