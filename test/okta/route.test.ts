import { describe, expect, it } from 'vitest';
import { Route } from '../../src/okta/route.js';

const ORG = 'https://example.okta.com';
const PROXY = 'http://ann:secret-canary@proxy.test:3128';
const direct = () => new Route(ORG, undefined);
const proxied = () => new Route(ORG, PROXY);

describe('a fault that does not end by itself', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'is not trusted', '--ca FILE'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is not trusted', 'NODE_EXTRA_CA_CERTS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'is not trusted', '--ca FILE'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'is not trusted', '--ca FILE'],
    ['CERT_HAS_EXPIRED', 'has expired', 'the clock of this machine'],
    ['CERT_NOT_YET_VALID', 'is not valid yet', 'the clock of this machine'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another host', '--org-url'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS connection', '--org-url'],
    ['EPROTO', 'no TLS connection', 'HTTPS_PROXY'],
    ['UND_ERR_PRX_TLS', 'no TLS connection', 'HTTPS_PROXY'],
  ])('%s names the host, the proxy and the setting that helps', (code, what, setting) => {
    for (const text of [direct().lastingFault(code), proxied().lastingFault(code)])
      for (const part of ['example.okta.com', code, what, setting]) expect(text).toContain(part);
    expect(proxied().lastingFault(code)).toContain('through the proxy proxy.test:3128');
    expect(direct().lastingFault(code)).not.toContain('through the proxy');
  });

  it('is a host that is not known, unless the org answered before', () => {
    const route = direct();
    expect(route.lastingFault('ENOTFOUND')).toMatch(/there is no host example\.okta\.com .*--org-url/);
    route.markReached();
    expect(route.lastingFault('ENOTFOUND')).toBeUndefined();
  });

  it('is an unknown proxy: the name of the org is resolved by the proxy', () => {
    expect(proxied().lastingFault('ENOTFOUND')).toMatch(/there is no host proxy\.test:3128 .*HTTPS_PROXY/);
  });

  it('is a refusal of the proxy, which says what it lacks', () => {
    expect(proxied().lastingFault('the proxy answered 407')).toMatch(/proxy\.test:3128.*user and password/);
    expect(proxied().lastingFault('the proxy answered 403')).toMatch(/example\.okta\.com.*NO_PROXY/);
  });

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
    'the proxy answered 408',
    'the proxy answered 429',
    'the proxy answered 502',
    'the connection failed',
  ])('is not %s', (reason) => {
    expect(proxied().lastingFault(reason)).toBeUndefined();
  });

  it('is described without the password of the proxy', () => {
    for (const reason of ['CERT_HAS_EXPIRED', 'ENOTFOUND', 'the proxy answered 407'])
      expect(proxied().lastingFault(reason)).not.toContain('canary');
  });
});

describe('a fault that may end by itself', () => {
  it.each([
    ['ECONNREFUSED', 'example.okta.com refuses the connection'],
    ['EAI_AGAIN', 'does not know example.okta.com'],
    ['ENOTFOUND', 'does not know example.okta.com'],
    ['UND_ERR_CONNECT_TIMEOUT', 'example.okta.com does not answer'],
    ['ECONNRESET', 'no complete response from example.okta.com'],
    ['no complete response in time', 'no complete response from example.okta.com'],
  ])('%s names the host, and the proxy if there is one', (reason, text) => {
    expect(direct().passingFault(reason)).toContain(text);
    expect(direct().passingFault(reason)).toContain(`(${reason})`);
    expect(proxied().passingFault(reason)).toContain(`${reason}, through the proxy proxy.test:3128`);
    expect(proxied().passingFault(reason)).not.toContain('canary');
  });
});

describe('a response that is not from Okta', () => {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const json = { 'content-type': 'application/json' };
  const page = '<html>sign in</html>';

  it.each([
    [403, html, page, '403 text/html'],
    [404, html, '', '404 text/html'],
    [200, html, page, '200 text/html'],
    [503, {}, 'down', '503 without a content type'],
    [403, json, '{"message":"Forbidden"}', '403 application/json'],
  ])('%i %o', (status, headers, body, answered) => {
    const text = proxied().otherAnswer({ status, headers, body });
    expect(text).toContain(`something between this machine and example.okta.com answered ${answered}`);
    expect(text).toContain('check the proxy proxy.test:3128');
    expect(direct().otherAnswer({ status, headers, body })).toContain('check for a proxy or firewall');
    expect(text).not.toContain('canary');
  });

  it('is a redirect, of which only the host is named', () => {
    const headers = { location: 'https://portal.test/login?token=location-canary' };
    const text = direct().otherAnswer({ status: 302, headers, body: '' });
    expect(text).toContain('example.okta.com redirects to portal.test');
    expect(text).not.toContain('canary');
    expect(direct().otherAnswer({ status: 301, headers: { location: '/x' }, body: '' })).toContain(
      'example.okta.com redirects, and',
    );
  });

  it.each([
    ["Okta's error", 403, json, '{"errorCode":"E0000006"}'],
    ['its request id', 404, { 'x-okta-request-id': 'r1' }, ''],
    ['a challenge', 401, { 'www-authenticate': 'Bearer' }, ''],
    ['an OAuth error', 400, json, '{"error":"invalid_client"}'],
    ['a session', 200, json, '{}'],
    ['an empty acceptance', 202, html, ''],
  ])('is not one with %s', (_, status, headers, body) => {
    expect(direct().otherAnswer({ status, headers, body })).toBeUndefined();
  });
});
