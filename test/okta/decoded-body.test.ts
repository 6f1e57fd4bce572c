import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOrg } from 'rollcall/simulator';
import { createClient } from '../../src/okta/client.js';
import { undiciTransport } from '../../src/okta/transport.js';

const SESSION = { id: 's1', status: 'CREATED' };
const listed = Buffer.from(JSON.stringify([SESSION]));

/** A client of a server that sends the same body to every request, whatever it accepts. */
async function clientOf(encoding: string, body: Buffer, status = 200) {
  const server = createServer((_, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': encoding });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createClient({
    orgUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    identitySourceId: 'i',
    auth: { token: 'token' },
    maxAttempts: 1,
    maxResponseBytes: 10_000,
  });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

describe('a compressed response', () => {
  it.each([
    ['gzip', gzipSync(listed)],
    ['X-Gzip', gzipSync(listed)],
    ['deflate', deflateSync(listed)],
    ['br', brotliCompressSync(listed)],
    ['deflate, gzip', gzipSync(deflateSync(listed))],
    ['identity', listed],
  ])('is read (%s)', async (encoding, body) => {
    expect(await (await clientOf(encoding, body)).listSessions()).toMatchObject([SESSION]);
  });

  it('is read where it is an error, with its reason', async () => {
    const body = gzipSync(JSON.stringify({ errorCode: 'E0000001', errorSummary: 'Api validation failed' }));
    await expect((await clientOf('gzip', body, 400)).listSessions()).rejects.toMatchObject({
      status: 400,
      errorCode: 'E0000001',
      reason: 'Api validation failed',
    });
  });

  it('may have no body', async () => {
    await (await clientOf('gzip', Buffer.alloc(0))).deleteSession('s1');
  });

  it.each([
    ['damaged', 'gzip', gzipSync(listed).subarray(0, 20), 'cannot be decompressed'],
    ['of an unknown encoding', 'secret', listed, 'an encoding that was not asked for'],
    ['larger than the limit', 'gzip', gzipSync('x'.repeat(20_000)), 'exceeds 10000 bytes'],
  ])('that is %s is a lost answer', async (_, encoding, body, why) => {
    await expect((await clientOf(encoding, body)).createSession()).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OKTA_NETWORK',
      sent: true,
      message: expect.stringContaining(why) as string,
    });
  });

  it('is what an org sends to a GET, as Okta does', async () => {
    await using org = await startOrg();
    const transport = undiciTransport({
      connections: 1,
      connectTimeoutMs: 5000,
      requestTimeoutMs: 5000,
      maxResponseBytes: 10_000,
      proxy: undefined,
      ca: undefined,
    });
    const path = `/api/v1/identity-sources/${org.identitySourceId}/sessions`;
    const headers = { authorization: `SSWS ${org.token}` };
    const ask = (method: 'GET' | 'POST', body?: string) =>
      transport.send({ method, url: org.url + path, headers, body, signal: undefined });
    const created = await ask('POST', '');
    const list = await ask('GET');
    await transport.close();
    expect(created.headers['content-encoding']).toBeUndefined();
    expect(list.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(list.body)).toEqual([JSON.parse(created.body)]);
  });
});
