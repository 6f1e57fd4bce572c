import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TransportError } from '../../src/okta/wire.js';
import { makeAuthority, makeServerCertificate } from '../okta/certificates.js';
import { cli, directory, files, usersCsv, type CliOptions } from './support.js';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

/** Starts a server on the loopback interface that goes with the test. Returns its port. */
async function listening(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** Runs a sync of three users against an org at this address. */
async function syncTo(orgUrl: string, options: CliOptions = {}) {
  const cwd = await directory();
  await files(cwd, { 'users.csv': usersCsv(3) });
  const env = { OKTA_CLIENT_ORGURL: orgUrl, OKTA_CLIENT_TOKEN: 'token-canary', OKTA_IDENTITY_SOURCE_ID: 'i' };
  const ran = await cli(cwd, ['sync', '--users', 'users.csv', '--state', 'state'], { env, ...options });
  expect(ran.out + ran.err).not.toContain('canary');
  return ran;
}

describe('a connection that somebody has to mend ends the run with exit code 1', () => {
  it('a certificate that is not trusted: names host and --ca', async () => {
    const { cert, key } = makeServerCertificate('org.rollcall.test', makeAuthority());
    const port = await listening(createTlsServer({ cert, key }));
    const { code, err } = await syncTo(`https://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(err).toContain(`the certificate of 127.0.0.1:${port} is not trusted`);
    expect(err).toContain('--ca FILE');
    expect(err).toContain('[ERR_ROLLCALL_OKTA_UNREACHABLE]');
  });

  it('a proxy that requires a sign-in: names the proxy and HTTPS_PROXY', async () => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    });
    const port = await listening(proxy);
    vi.stubEnv('https_proxy', `http://ann:canary@127.0.0.1:${port}`);
    vi.stubEnv('no_proxy', '');
    const { code, err } = await syncTo('https://org.rollcall.test');
    expect(code).toBe(1);
    expect(err).toContain(`the proxy answered 407, through the proxy 127.0.0.1:${port}`);
    expect(err).toContain('HTTPS_PROXY');
    expect(err).toContain('[ERR_ROLLCALL_OKTA_UNREACHABLE]');
  });

  it('a host that is not known: names it and --org-url', async () => {
    const transport = () => Promise.reject(new TransportError('ENOTFOUND', false));
    const { code, err } = await syncTo('https://exmaple.okta.com', { deps: { transport } });
    expect(code).toBe(1);
    expect(err).toContain('there is no host exmaple.okta.com (ENOTFOUND); correct --org-url');
  });

  it('a redirect: names where it leads', async () => {
    const port = await listening(
      createServer((_, response) => response.writeHead(302, { location: 'https://portal.test/login' }).end()),
    );
    const { code, err } = await syncTo(`http://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(err).toContain(`127.0.0.1:${port} redirects to portal.test`);
    expect(err).toContain('[ERR_ROLLCALL_OKTA_RESPONSE]');
  });

  it.each([
    [403, 'ERR_ROLLCALL_OKTA_GATEWAY'],
    [200, 'ERR_ROLLCALL_OKTA_RESPONSE'],
  ])('a gateway that answers %i with a page: is told apart from Okta', async (status, errorCode) => {
    const port = await listening(
      createServer((_, response) =>
        response.writeHead(status, { 'content-type': 'text/html' }).end('<html>canary</html>'),
      ),
    );
    const { code, err } = await syncTo(`http://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(err).toContain(
      `something between this machine and 127.0.0.1:${port} answered ${status} text/html, not Okta`,
    );
    expect(err).toContain(`[${errorCode}]`);
  });
});

describe('a fault that may end by itself ends the run with exit code 4', () => {
  it.each(['ECONNREFUSED', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])('%s', async (reason) => {
    const transport = () => Promise.reject(new TransportError(reason, false));
    const deps = { transport, random: () => 0.4 };
    const { code, err } = await syncTo('https://example.okta.com', { deps });
    expect(code).toBe(4);
    expect(err).toContain('[ERR_ROLLCALL_OKTA_NETWORK]');
    expect(err).toContain('example.okta.com');
    expect(err).toContain('Run it again to continue');
  });

  it('a page of an overloaded gateway', async () => {
    const transport = async () => ({ status: 503, headers: { 'content-type': 'text/html' }, body: '<html>' });
    const { code, err } = await syncTo('https://example.okta.com', { deps: { transport } });
    expect(code).toBe(4);
    expect(err).toContain('answered 503 text/html');
  });
});
