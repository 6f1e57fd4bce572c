import { errorCodeOf, requestIdOf } from './answers.js';
import type { WireResponse } from './wire.js';

/** The setting that makes a network's own certificate authority trusted. */
const TRUST = 'trust its CA certificate: --ca FILE (in code: the option ca), or NODE_EXTRA_CA_CERTS';
const PROXY_SETTING = 'HTTPS_PROXY (in code: the option proxy)';

/**
 * The route of requests to the org: its host, and the proxy in between. It describes faults of the route that do not end by
 * themselves, with the setting that helps. A description names hosts and codes only: a URL may contain a password.
 */
export class Route {
  /** The host of the org. */
  readonly host: string;
  /** The host of the proxy; undefined for a direct connection, or if the transport is not ours. */
  readonly #proxy: string | undefined;
  #reached = false;

  /** @param proxy - the URL of the proxy */
  constructor(orgUrl: string, proxy: string | undefined) {
    this.host = new URL(orgUrl).host;
    this.#proxy = proxy === undefined ? undefined : new URL(proxy).host;
  }

  /** Records a response of the org. From then on, an unknown host is a fault of the name service, which may end by itself. */
  markReached(): void {
    this.#reached = true;
  }

  /**
   * Describes a fault because of which a request never left and which does not end by itself, such as a certificate that is
   * not trusted. Undefined for one that may end by itself.
   *
   * @param reason - the reason of a {@link TransportError}
   */
  lastingFault(reason: string): string | undefined {
    const refused = /^the proxy answered (4\d\d)$/.exec(reason)?.[1];
    if (refused !== undefined) return this.#refusedByProxy(refused);
    if (reason === 'ENOTFOUND') return this.#reached ? undefined : this.#unknownHost();
    return this.#tlsFault(reason);
  }

  /** Describes a fault that may end by itself, with the host that did not respond. */
  passingFault(reason: string): string {
    const details = `(${reason}${this.#via()})`;
    switch (reason) {
      case 'ECONNREFUSED':
        return `${this.#proxy ?? this.host} refuses the connection ${details}; check --org-url (in code: orgUrl), and ${PROXY_SETTING}`;
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the name service does not know ${this.#proxy ?? this.host} at the moment ${details}`;
      case 'UND_ERR_CONNECT_TIMEOUT':
      case 'ETIMEDOUT':
        return `${this.#proxy ?? this.host} does not answer ${details}; check the network, and ${PROXY_SETTING}`;
      default:
        return `no complete response from ${this.host} ${details}`;
    }
  }

  #refusedByProxy(status: string): string | undefined {
    if (status === '408' || status === '429') return undefined;
    const answer = `the proxy answered ${status}${this.#via()}`;
    return status === '407'
      ? `${answer}: it requires a sign-in; add user and password to its URL: ${PROXY_SETTING}`
      : `${answer}: it does not connect to ${this.host}; allow this host in the proxy, or add it to NO_PROXY`;
  }

  #unknownHost(): string {
    return this.#proxy === undefined
      ? `there is no host ${this.host} (ENOTFOUND); correct --org-url (in code: orgUrl), or set the proxy of your network: ${PROXY_SETTING}`
      : `there is no host ${this.#proxy} (ENOTFOUND), which is the proxy; correct ${PROXY_SETTING}`;
  }

  #tlsFault(code: string): string | undefined {
    const certificate = `the certificate of ${this.host}`;
    const details = `(${code}${this.#via()})`;
    if (/EXPIRED|NOT_YET_VALID/.test(code))
      return `${certificate} has expired or is not valid yet ${details}; check the clock of this machine, or renew the certificate`;
    if (/ALTNAME|HOSTNAME_MISMATCH/.test(code))
      return `${certificate} is for another host ${details}; correct --org-url (in code: orgUrl), or ${PROXY_SETTING}`;
    if (/CERT|SIGNED|UNABLE_TO_|INVALID_CA/.test(code))
      return `${certificate} is not trusted ${details}; if your network inspects TLS, ${TRUST}`;
    if (/ERR_TLS|ERR_SSL|EPROTO|UND_ERR_PRX_TLS/.test(code))
      return `no TLS connection to ${this.host} ${details}; check --org-url (in code: orgUrl), and ${PROXY_SETTING}`;
    return undefined;
  }

  /**
   * Describes a response that is not from Okta's API but from something on the route, such as a proxy, a firewall or a sign-in
   * page of the network. Undefined for a response that may be Okta's.
   */
  otherAnswer(response: WireResponse): string | undefined {
    const { status, headers, body } = response;
    const between = this.#proxy === undefined ? 'for a proxy or firewall' : `the proxy ${this.#proxy}`;
    const hint = `check ${between}, and --org-url (in code: orgUrl)`;
    if (status >= 300 && status < 400) {
      const target = hostOf(headers['location']);
      return `${this.host} redirects${target === undefined ? '' : ` to ${target}`}, and redirects are not followed; ${hint}`;
    }
    const type = /^[\w.+-]+\/[\w.+-]+/.exec(headers['content-type'] ?? '')?.[0].toLowerCase();
    const isPage = type?.startsWith('text/') === true && body.trim() !== '';
    const hasMarks =
      requestIdOf(response) !== undefined ||
      headers['www-authenticate'] !== undefined ||
      errorCodeOf(body) !== undefined;
    if (status < 300 ? !isPage : hasMarks) return undefined;
    return `something between this machine and ${this.host} answered ${status} ${type ?? 'without a content type'}, not Okta; ${hint}`;
  }

  #via(): string {
    return this.#proxy === undefined ? '' : `, through the proxy ${this.#proxy}`;
  }
}

function hostOf(location: string | undefined): string | undefined {
  return location !== undefined && URL.canParse(location) ? new URL(location).host : undefined;
}
