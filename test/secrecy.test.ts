import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  fromCsv,
  fromJson,
  fromJsonLines,
  openState,
  SourceError,
  sync,
  type SyncEvent,
  type UserRecord,
} from '../src/index.js';
import type { Transport } from '../src/subpaths/okta.js';
import { startOrg } from '../src/simulator/index.js';

const CANARY = 'canary-7391';
const TOKEN = 'tokencanary00000000000000000000000000000042';

describe('secrecy', () => {
  it('no token and no profile value is in any event, error, report or byte of the state', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-secrecy-'));
    let loads = 0;
    const org = await startOrg({
      token: TOKEN,
      cooldownMs: 1,
      importMs: 1,
      refuseItem: ({ externalId }) => externalId === 'u3' && `title: '${CANARY}' is not an allowed value`,
      fault: ({ path }) => (path.includes('/bulk-') && ++loads === 2 ? { kind: 'html' } : undefined),
    });
    const okta = createClient({
      orgUrl: org.url,
      identitySourceId: org.identitySourceId,
      auth: { token: TOKEN },
    });
    const state = await openState(join(directory, 'state'));
    const user = (i: number) => ({
      externalId: `u${i}`,
      profile: { userName: `${CANARY}-${i}`, email: `${CANARY}@${i}.example`, title: CANARY },
    });
    const users = [
      ...Array.from({ length: 500 }, (_, i) => user(i)),
      { externalId: 'bad', profile: { userName: `${CANARY}😀`, email: 'x' } },
    ];
    const told: unknown[] = [];
    const onEvent = (event: SyncEvent) => told.push(event);
    const report = await sync({ okta, state, users, cooldownMs: 1, pollIntervalMs: 1, onEvent });
    expect(report.refused[0]?.reason).toContain("title: '…' is not an allowed value");
    told.push(report);
    // Failed runs too: a tripped guard, a wrong token, a source that fails.
    const badToken = createClient({
      orgUrl: org.url,
      identitySourceId: org.identitySourceId,
      auth: { token: `${TOKEN}x` },
    });
    for (const failing of [
      { okta, users: users.slice(0, 3) },
      { okta: badToken, users: [...users.slice(0, 490), user(900)] },
      {
        okta,
        users: fromJsonLines([
          `{"externalId":"u1","profile":{"userName":"${CANARY}`,
        ]) as AsyncIterable<UserRecord>,
      },
    ]) {
      told.push(
        await sync({ state, onEvent, ...failing }).then(
          () => expect.fail('it should fail'),
          (error: unknown) => error,
        ),
      );
    }
    await badToken.close();
    const text =
      told
        .map((item) => inspect(item, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(item))
        .join('\n') + inspect(okta, { depth: 20, showHidden: true });
    for (const secret of [CANARY, TOKEN]) expect(text.includes(secret), secret).toBe(false);
    await state.close();
    for (const name of await readdir(join(directory, 'state'))) {
      const bytes = await readFile(join(directory, 'state', name));
      for (const secret of [CANARY, TOKEN]) expect(bytes.includes(secret), `${name}: ${secret}`).toBe(false);
    }
    await okta.close();
    await org.close();
    await rm(directory, { recursive: true });
  });

  it.each([
    ['a CSV without a header', () => fromCsv([`id,${CANARY},${CANARY}\n`])],
    ['a row of too many cells', () => fromCsv([`id,name\n1,a,${CANARY}\n`])],
    ['a row of too few', () => fromCsv([`id,name,title\n1,${CANARY}\n`])],
    ['text behind a quote', () => fromCsv([`id,name\n1,"a"${CANARY}\n`])],
    ['a quote that is not closed', () => fromCsv([`id,name\n1,"${CANARY}\n`])],
    ['bytes that are no text', () => fromCsv([Buffer.from(`id,name\n1,${CANARY}\xff\n`, 'latin1')])],
    ['a row that is too long', () => fromCsv([`id\n${CANARY.repeat(9)}`], { maxRecordLength: 50 })],
    ['a line that is no JSON', () => fromJsonLines([`{"name":${CANARY}}\n`])],
    ['a line that is no object', () => fromJsonLines([`"${CANARY}"\n`])],
    ['a document that is no JSON', () => fromJson([`[{"name":${CANARY}}]`])],
    ['a document that is cut off', () => fromJson([`[{"name":"${CANARY}`])],
    ['a document of something else', () => fromJson([`"${CANARY}"`])],
    ['an object of two lists', () => fromJson([`{"a":[{"x":"${CANARY}"}],"b":[{"x":"${CANARY}"}]}`])],
  ])('a source that fails quotes nothing of it: %s', async (_, open) => {
    const error: unknown = await (async () => {
      for await (const _ of open()) continue;
    })().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SourceError);
    expectSecret(error);
  });

  it('a connection that fails is named by the code of its error, whose message may quote the response', async () => {
    const server = createServer((socket) => {
      socket.resume();
      socket.end(`HTTP/1.1 200 ${CANARY}\r\n${CANARY}\r\n\r\n`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const okta = createClient({
      orgUrl: `http://127.0.0.1:${port}`,
      identitySourceId: 'source',
      auth: { token: TOKEN },
      maxAttempts: 1,
    });
    const error: unknown = await okta.createSession().catch((failure: unknown) => failure);
    expectSecret(error);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^createIdentitySourceSession: no complete response from [\d.:]+ \(([A-Z_]+|the connection failed)\); Okta may have processed the request$/,
      ) as string,
    });
    await okta.close();
    server.close();
    await once(server, 'close');
  });

  it.each([200, 302, 400, 401, 403, 404, 413, 429, 500, 503])(
    'an answer of Okta that quotes the request, with status %i, is not quoted',
    async (status) => {
      for (const page of [false, true]) {
        const transport: Transport = async ({ headers, body }) => {
          const quoted = `${headers['authorization']} ${body}`;
          return {
            status,
            headers: { 'x-okta-request-id': 'r' },
            body: page
              ? `<html>${quoted}</html>`
              : JSON.stringify({ errorCode: 'E0000001', errorSummary: quoted, status: quoted, id: quoted }),
          };
        };
        const okta = createClient({
          orgUrl: 'https://test.okta.example',
          identitySourceId: 'source',
          auth: { token: TOKEN },
          transport,
          maxAttempts: 1,
        });
        const user = { externalId: 'u', profile: { userName: CANARY, email: `${CANARY}@x.example` } };
        for (const call of [
          () => okta.upsertUsers('s', [user]),
          () => okta.createSession(),
          () => okta.listSessions(),
          () => okta.getSession('s'),
          () => okta.startImport('s'),
          () => okta.deleteSession('s'),
        ])
          expectSecret(await call().catch((error: unknown) => error));
      }
    },
  );
});

/** Neither secret is in anything that a log could make of a value, or of what caused it. */
function expectSecret(value: unknown): void {
  const texts = [inspect(value, { depth: 20, showHidden: true, getters: true }), JSON.stringify(value) ?? ''];
  for (let error = value; error instanceof Error; error = error.cause)
    texts.push(String(error), error.message, error.stack ?? '');
  for (const secret of [CANARY, TOKEN]) expect(texts.join('\n').includes(secret), secret).toBe(false);
}
