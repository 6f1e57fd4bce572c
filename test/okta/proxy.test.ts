import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOrg, type Org } from 'rollcall/simulator';
import { OktaNetworkError, OptionsError } from '../../src/core/errors.js';
import { createClient } from '../../src/okta/client.js';
import type { ClientOptions } from '../../src/okta/client-options.js';
import { makeAuthority, makeServerCertificate } from './certificates.js';
import { CLIENT_ID, failure, KEYS, pemOf } from './service-app.js';

const HOST = 'org.rollcall.test';
const ORG_URL = `https://${HOST}`;
const PASSWORD = 'p@ss-canary-11';
const authority = makeAuthority();
const certificate = makeServerCertificate(HOST, authority);

const closers: (() => unknown)[] = [];

beforeEach(() => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) await close();
});

async function listening(server: Server | ReturnType<typeof createTls>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A simulated org behind TLS: its HTTPS port on 127.0.0.1. */
async function secureOrg(): Promise<{ org: Org; port: number }> {
  const publicKeys = [pemOf(KEYS.ES256.publicKey, 'spki')];
  const org = await startOrg({ oauth: { clients: [{ clientId: CLIENT_ID, publicKeys }], origin: ORG_URL } });
  const { cert, key } = certificate;
  const server = createTls({ cert, key }, (secure) => {
    const plain = connectTcp(Number(new URL(org.url).port), '127.0.0.1');
    join(secure, plain);
  });
  const port = await listening(server);
  closers.push(() => org.close());
  return { org, port };
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.on('error', () => peer.destroy());
    socket.on('close', () => peer.destroy());
  }
}

interface Tunnel {
  readonly to: string | undefined;
  readonly authorization: string | undefined;
}

/** A proxy that takes every host for this port of the machine; or answers with a status; or not at all. */
async function startProxy(target: number, { status = 200, secure = false, silent = false } = {}) {
  const tunnels: Tunnel[] = [];
  const sockets = new Set<Socket>();
  const server = secure ? createHttps({ cert: certificate.cert, key: certificate.key }) : createHttp();
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket);
    tunnels.push({ to: request.url, authorization: request.headers['proxy-authorization'] });
    socket.on('error', () => socket.destroy());
    if (silent) return;
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connectTcp(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(socket, upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
  });
  const port = await listening(server);
  closers.push(() => sockets.forEach((socket) => socket.destroy()));
  return { tunnels, port, url: `http://127.0.0.1:${port}` };
}

function clientOf(org: Org, options: Partial<ClientOptions>) {
  const okta = createClient({
    orgUrl: ORG_URL,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
    ca: authority.cert,
    maxAttempts: 1,
    ...options,
  });
  closers.push(() => okta.close());
  return okta;
}

describe('a custom CA', () => {
  it('is trusted, as text and as a Buffer, also behind others in one file', async () => {
    const { org, port } = await secureOrg();
    const orgUrl = `https://127.0.0.1:${port}`;
    const bundle = `# a bundle\n${makeAuthority('another').cert}\n${authority.cert}`;
    for (const ca of [authority.cert, Buffer.from(authority.cert), bundle]) {
      expect(await clientOf(org, { orgUrl, ca }).listSessions()).toEqual([]);
    }
  });

  it('where it did not sign the certificate, nothing is sent', async () => {
    const { org, port } = await secureOrg();
    const orgUrl = `https://127.0.0.1:${port}`;
    const without = createClient({
      orgUrl,
      identitySourceId: 'i',
      auth: { token: org.token },
      maxAttempts: 1,
    });
    closers.push(() => without.close());
    for (const okta of [without, clientOf(org, { orgUrl, ca: makeAuthority().cert })]) {
      const error = await failure(okta.createSession());
      expect(error).toBeInstanceOf(OktaNetworkError);
      expect(error).toMatchObject({ sent: false, lasting: true, code: 'ERR_ROLLCALL_OKTA_UNREACHABLE' });
      expect(error.message).toContain(`the certificate of 127.0.0.1:${port} is not trusted`);
    }
    expect(org.requests).toEqual([]);
  });
});

describe('a proxy', () => {
  it('given by its URL carries everything, a sign-in with DPoP too', async () => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port);
    const auth = { clientId: CLIENT_ID, privateKey: pemOf(KEYS.ES256.privateKey), dpop: true };
    const okta = clientOf(org, { proxy: proxy.url, auth });
    expect((await okta.createSession()).status).toBe('CREATED');
    expect(proxy.tunnels.length).toBeGreaterThan(0);
    for (const tunnel of proxy.tunnels) {
      expect(tunnel).toEqual({ to: `${HOST}:443`, authorization: undefined });
    }
    expect(org.requests.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(org.violations).toEqual([]);
  });

  it('is told user and password, which are shown nowhere', async () => {
    const { org, port } = await secureOrg();
    const good = await startProxy(port);
    const bad = await startProxy(port, { status: 407 });
    const withPassword = (url: string) => url.replace('//', `//ann:${encodeURIComponent(PASSWORD)}@`);
    const okta = clientOf(org, { proxy: withPassword(good.url) });
    expect(await okta.listSessions()).toEqual([]);
    expect(good.tunnels[0]?.authorization).toBe(`Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`);
    const refused = clientOf(org, { proxy: withPassword(bad.url) });
    const error = await failure(refused.createSession());
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_OKTA_UNREACHABLE', sent: false, lasting: true });
    expect(error.message).toContain('the proxy answered 407');
    const shown = [okta, refused, error].map((item) => inspect(item, { depth: 20, showHidden: true })).join();
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(shown).not.toContain(secret);
  });

  it('may be reached by TLS, with the same CA', async () => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port, { secure: true });
    const okta = clientOf(org, { proxy: `https://127.0.0.1:${proxy.port}` });
    expect(await okta.listSessions()).toEqual([]);
    expect(proxy.tunnels).toHaveLength(1);
  });

  it('does not hide that a request was sent before the connection broke', async () => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port);
    org.simulated.setFault(() => ({ kind: 'resetAfter' }));
    const error = await failure(clientOf(org, { proxy: proxy.url }).createSession());
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_OKTA_NETWORK', sent: true });
    expect(org.sessions()).toHaveLength(1);
  });

  it('that is not there, refuses, or is silent: nothing was sent', async () => {
    const { org, port } = await secureOrg();
    const silent = await startProxy(port, { silent: true });
    const broken = await startProxy(port, { status: 502 });
    for (const proxy of ['http://127.0.0.1:1', broken.url, silent.url]) {
      const error = await failure(clientOf(org, { proxy, connectTimeoutMs: 200 }).createSession());
      expect(error).toMatchObject({ code: 'ERR_ROLLCALL_OKTA_NETWORK', sent: false });
    }
    expect(org.requests).toEqual([]);
  });
});

describe('the environment', () => {
  it.each([['HTTPS_PROXY'], ['https_proxy'], ['HTTP_PROXY'], ['http_proxy']])(
    '%s names the proxy',
    async (name) => {
      const { org, port } = await secureOrg();
      const proxy = await startProxy(port);
      vi.stubEnv(name, proxy.url);
      expect(await clientOf(org, { proxy: 'environment' }).listSessions()).toEqual([]);
      expect(proxy.tunnels).toHaveLength(1);
    },
  );

  it('lower case comes first, HTTPS_PROXY before HTTP_PROXY, and "host:port" will do', async () => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port);
    vi.stubEnv('https_proxy', `127.0.0.1:${proxy.port}`);
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    expect(await clientOf(org, { proxy: 'environment' }).listSessions()).toEqual([]);
    expect(proxy.tunnels).toHaveLength(1);
  });

  it.each(['NO_PROXY', 'no_proxy'])('%s names hosts that are reached without it', async (name) => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const okta = () => clientOf(org, { proxy: 'environment', connectTimeoutMs: 300 });
    vi.stubEnv(name, 'example.com,other.test');
    expect(await okta().listSessions()).toEqual([]);
    expect(proxy.tunnels).toHaveLength(1);
    for (const hosts of [HOST, '.rollcall.test', `x.example ${HOST}:443`, '*']) {
      vi.stubEnv(name, hosts);
      // There is no such host: to ask for it directly fails.
      expect(await failure(okta().createSession())).toMatchObject({ sent: false });
    }
    expect(proxy.tunnels).toHaveLength(1);
  });

  it('counts only where it is asked for, and never for a loopback org', async () => {
    const { org, port } = await secureOrg();
    const proxy = await startProxy(port);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const orgUrl = `https://127.0.0.1:${port}`;
    for (const options of [{}, { proxy: false }, { proxy: 'environment' }] as const) {
      expect(await clientOf(org, { orgUrl, ...options }).listSessions()).toEqual([]);
    }
    expect(await clientOf(org, { orgUrl: org.url, proxy: 'environment' }).listSessions()).toEqual([]);
    expect(proxy.tunnels).toEqual([]);
    expect(await clientOf(org, { orgUrl, proxy: proxy.url }).listSessions()).toEqual([]);
    expect(proxy.tunnels).toHaveLength(1);
  });

  it('that names no proxy that can be is refused, without its value', async () => {
    const { org } = await secureOrg();
    vi.stubEnv('HTTPS_PROXY', `socks5://ann:${PASSWORD}@127.0.0.1:1080`);
    const make = () => clientOf(org, { proxy: 'environment' });
    expect(make).toThrow(expect.objectContaining({ option: 'HTTPS_PROXY' }));
    expect(make).not.toThrow(PASSWORD);
  });
});

describe('options', () => {
  const broken = authority.cert.replace(/\n[^-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  it.each<[string, object]>([
    ['proxy', { proxy: 'socks5://127.0.0.1:1' }],
    ['proxy', { proxy: 'ftp://x' }],
    ['proxy', { proxy: '' }],
    ['proxy', { proxy: true }],
    ['proxy', { proxy: `http://ann:%zz@127.0.0.1:1` }],
    ['ca', { ca: 'not a certificate' }],
    ['ca', { ca: '' }],
    ['ca', { ca: 5 }],
    ['ca', { ca: authority.key }],
    ['ca', { ca: `${authority.cert}${broken}` }],
  ])('%s that cannot work is refused at once', (option, given) => {
    const make = () =>
      createClient({ orgUrl: ORG_URL, identitySourceId: 'i', auth: { token: 't' }, ...given });
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });
});
