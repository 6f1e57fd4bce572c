import { OptionsError } from '../core/errors.js';

/** The URL of a proxy; `'environment'`; or false for none. */
export type ProxyOption = string | false;

/** Checks the option `proxy`. The error does not contain the value, because it may contain a password. */
export function checkProxy(proxy: unknown): ProxyOption {
  if (proxy === false || proxy === 'environment') return proxy;
  if (typeof proxy !== 'string') throw new OptionsError('proxy', "expected a URL, 'environment' or false");
  return checkProxyUrl('proxy', proxy);
}

/** The URL of the proxy for an org; undefined for a direct connection. The environment is read now. */
export function proxyFor(orgUrl: string, proxy: ProxyOption): string | undefined {
  if (proxy === false) return undefined;
  if (proxy !== 'environment') return proxy;
  // A server on this machine, such as a simulated org, must not be reached through a proxy. Every other org uses https.
  if (isLoopback(orgUrl)) return undefined;
  const url = fromEnvironment('HTTPS_PROXY') ?? fromEnvironment('HTTP_PROXY');
  return url === undefined || isDirect(new URL(orgUrl)) ? undefined : url;
}

/** True for an org on this machine. */
export function isLoopback(orgUrl: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(orgUrl).hostname);
}

/** True if `NO_PROXY` names the host: as `*`, `host`, `.domain`, `*.domain` or a parent domain, each also with a port. */
function isDirect({ hostname, port }: URL): boolean {
  const entries = (variable('NO_PROXY') ?? '').toLowerCase().split(/[,\s]+/);
  return entries.some((entry) => {
    const [, name, only] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
    if (name === undefined || (only !== undefined && only !== (port || '443'))) return false;
    return name === '*' || hostname === name || hostname.endsWith(`.${name}`);
  });
}

function fromEnvironment(name: 'HTTP_PROXY' | 'HTTPS_PROXY'): string | undefined {
  const value = variable(name);
  return value === undefined ? undefined : checkProxyUrl(name, value);
}

/** The value of an environment variable, with the name in lower case first, as in most programs; undefined if it is empty. */
function variable(name: string): string | undefined {
  const value = process.env[name.toLowerCase()] ?? process.env[name] ?? '';
  return value === '' ? undefined : value;
}

function checkProxyUrl(option: string, value: string): string {
  // Environment variables often contain only "host:port".
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new OptionsError(
      option,
      'expected the URL of an HTTP proxy, such as http://proxy.example.com:3128',
    );
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw new OptionsError(
      option,
      'the user or password contains a "%" that is not part of an escape; write it as %25',
    );
  }
  return url.href;
}
