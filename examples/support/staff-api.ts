import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A person of the sample API. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
}

/** A team of the sample API. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly members: readonly string[];
}

type Resource = Person | Team;

/**
 * A small API like that of an HR system: `/people` and `/teams` in pages of three, with a `Link` to the next page, an
 * `ETag` on each page, status 304 for an unchanged page, and the total number in `X-Total-Count`.
 */
export async function startStaffApi() {
  const people: Person[] = ['Anna', 'Ben', 'Cleo', 'Dina', 'Emil', 'Femke', 'Gus'].map((givenName, i) => ({
    id: `p${i + 1}`,
    email: `${givenName.toLowerCase()}@example.com`,
    givenName,
    familyName: 'Example',
  }));
  const teams: Team[] = [
    { id: 't1', name: 'Engineering', members: ['p1', 'p2', 'p3'] },
    { id: 't2', name: 'Everybody', members: people.map(({ id }) => id) },
  ];
  const answered: Record<number, number> = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const all: readonly Resource[] | undefined = { '/people': people, '/teams': teams }[url.pathname];
    const answer = (status: number, body?: string) => {
      answered[status] = (answered[status] ?? 0) + 1;
      response.writeHead(status).end(body);
    };
    if (all === undefined) return answer(404);
    const after = url.searchParams.get('after');
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const page = all.slice(start, start + 3);
    const body = JSON.stringify(page);
    response.setHeader('x-total-count', String(all.length));
    const links = [`<${url.href}>; rel="self"`];
    if (start + 3 < all.length) {
      const next = new URL(url);
      next.searchParams.set('after', (page.at(-1) as Resource).id);
      links.push(`<${next.href}>; rel="next"`);
    }
    response.setHeader('link', links.join(', '));
    const etag = `"${createHash('sha256')
      .update(links.join() + body)
      .digest('base64url')}"`;
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) return answer(304);
    response.setHeader('content-type', 'application/json');
    answer(200, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    people,
    teams,
    /** The number of responses so far, by status. */
    answered,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
