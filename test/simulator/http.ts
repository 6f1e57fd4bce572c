import { request } from 'node:http';
import type { Org } from 'rollcall/simulator';

/** What came over HTTP, or how the connection broke. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The system's code when no whole answer came. */
  readonly broke: string | undefined;
}

/** One request on its own connection; `path` is below the org's first identity source. */
export function ask(org: Org, method: string, path: string, body?: unknown, headers = {}): Promise<Seen> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const url = `${org.url}/api/v1/identity-sources/${org.identitySourceId}${path}`;
  const length = method === 'POST' ? { 'content-length': Buffer.byteLength(text) } : {};
  return new Promise((resolve) => {
    let seen: Seen = { status: 0, headers: {}, body: '', broke: undefined };
    const broken = (error: Error & { code?: string }) =>
      resolve({ ...seen, broke: error.code ?? error.message });
    const sent = request(
      url,
      { method, agent: false, headers: { authorization: `SSWS ${org.token}`, ...length, ...headers } },
      (response) => {
        seen = { ...seen, status: response.statusCode ?? 0, headers: response.headers };
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (seen = { ...seen, body: seen.body + chunk }));
        response.on('end', () => resolve(seen));
        response.on('error', broken);
      },
    );
    sent.on('error', broken);
    sent.end(text);
  });
}
