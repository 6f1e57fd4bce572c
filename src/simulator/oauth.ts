import { jsonContent, type Content } from './answers.js';
import { scopeOf } from './scopes.js';
import type { AuthAnswer } from './auth.js';
import { ClientAssertions } from './client-assertions.js';
import { OAuthFault } from './oauth-fault.js';
import type { CheckedOAuthClient, CheckedOrgOAuth } from './oauth-options.js';
import { Proofs } from './proofs.js';
import { identifier } from './random.js';
import type { OrgRequest } from './types.js';
import type { ViolationLog } from './violations.js';

interface IssuedToken {
  readonly scopes: ReadonlySet<string>;
  readonly expires: number;
  /** The thumbprint of the key to which the token is bound (`cnf.jkt`); undefined for a bearer token. */
  readonly jkt: string | undefined;
}

/** Nonces belong to the server that issues them: the token endpoint and the API have different ones. */
const NONCES = Object.freeze({ token: 20, api: 21 });

/** The token endpoint of the org, and the check of its access tokens and their proofs. */
export class OAuthServer {
  readonly #options: CheckedOrgOAuth;
  readonly #seed: number;
  readonly #violations: ViolationLog;
  readonly #assertions: ClientAssertions;
  readonly #proofs = new Proofs();
  readonly #tokens = new Map<string, IssuedToken>();
  #issued = 0;

  constructor(options: CheckedOrgOAuth, seed: number, violations: ViolationLog) {
    this.#options = options;
    this.#seed = seed;
    this.#violations = violations;
    this.#assertions = new ClientAssertions(options.clients);
  }

  /** Answers a request for an access token. */
  token(request: OrgRequest, now: number): Content {
    const proof = request.headers['dpop'];
    const headers = proof === undefined ? {} : { 'dpop-nonce': this.#nonces('token', now)[0] as string };
    try {
      const form = readForm(request);
      const url = this.#urlOf(request);
      const client = this.#assertions.verify(form, url, now);
      if (form.get('grant_type') !== 'client_credentials') {
        throw new OAuthFault(400, 'unsupported_grant_type', 'the grant_type is not client_credentials');
      }
      const scopes = grantedScopes(form, client);
      const jkt = this.#boundTo(client, proof, url, now);
      return jsonContent(200, this.#issue(scopes, jkt, now), headers);
    } catch (error) {
      if (!(error instanceof OAuthFault)) throw error;
      this.#note(error);
      return jsonContent(error.status, { error: error.error, error_description: error.message }, headers);
    }
  }

  /** Checks a request with an access token; undefined for a request without one. */
  judge(request: OrgRequest, now: number): AuthAnswer | undefined {
    const [scheme = '', token = '', ...rest] = (request.headers['authorization'] ?? '').split(' ');
    const type = scheme.toLowerCase();
    if (type !== 'bearer' && type !== 'dpop') return undefined;
    const handOut = type === 'dpop' && this.#options.apiNonces;
    const headers = handOut ? { 'dpop-nonce': this.#nonces('api', now)[0] as string } : {};
    try {
      const held = rest.length === 0 ? this.#tokens.get(token) : undefined;
      if (held === undefined || held.expires <= now) throw invalidToken('it is unknown, expired or revoked');
      if ((held.jkt !== undefined) !== (type === 'dpop')) throw invalidToken('it is of the other type');
      if (held.jkt !== undefined) this.#requireProof(request, token, held.jkt, now);
      const scope = scopeOf(request);
      if (!held.scopes.has(scope))
        throw new OAuthFault(403, 'insufficient_scope', `the token lacks ${scope}`);
      return { status: 200, headers };
    } catch (error) {
      if (!(error instanceof OAuthFault)) throw error;
      this.#note(error);
      const algs = type === 'dpop' ? ' algs="RS256 ES256",' : '';
      const challenge = `${type === 'dpop' ? 'DPoP' : 'Bearer'}${algs} error="${error.error}", error_description="${error.message}"`;
      return {
        status: error.status as AuthAnswer['status'],
        headers: { ...headers, 'www-authenticate': challenge },
      };
    }
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  #issue(scopes: ReadonlySet<string>, jkt: string | undefined, now: number): Record<string, unknown> {
    const { tokenLifetimeMs } = this.#options;
    const value = identifier(64, this.#seed, 12, this.#issued++);
    for (const [old, { expires }] of this.#tokens) if (expires <= now) this.#tokens.delete(old);
    this.#tokens.set(value, { scopes, expires: now + tokenLifetimeMs, jkt });
    return {
      token_type: jkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: Math.floor(tokenLifetimeMs / 1000),
      access_token: value,
      scope: [...scopes].join(' '),
    };
  }

  #boundTo(
    client: CheckedOAuthClient,
    proof: string | undefined,
    url: string,
    now: number,
  ): string | undefined {
    if (client.dpop === 'ignored' || (client.dpop === 'optional' && proof === undefined)) return undefined;
    if (proof === undefined) {
      // Not a violation: a client may try without a proof first.
      throw new OAuthFault(400, 'invalid_dpop_proof', 'the DPoP proof is missing');
    }
    return this.#proofs.verify(proof, { method: 'POST', url, nonces: this.#nonces('token', now), now });
  }

  #requireProof(request: OrgRequest, accessToken: string, jkt: string, now: number): void {
    const proof = request.headers['dpop'];
    if (proof === undefined) {
      throw new OAuthFault(400, 'invalid_dpop_proof', 'the DPoP proof is missing', 'invalid-proof');
    }
    const { method } = request;
    const nonces = this.#options.apiNonces ? this.#nonces('api', now) : undefined;
    const shown = this.#proofs.verify(proof, { method, url: this.#urlOf(request), accessToken, nonces, now });
    if (shown !== jkt) throw invalidToken('it is bound to another key', 'invalid-proof');
  }

  /** The current nonce, and the previous one, which is still valid. */
  #nonces(of: keyof typeof NONCES, now: number): readonly string[] {
    const period = Math.floor(now / this.#options.nonceLifetimeMs);
    return [period, period - 1].map((at) => identifier(22, this.#seed, NONCES[of], at));
  }

  #urlOf({ headers, path }: OrgRequest): string {
    return (this.#options.origin ?? `http://${headers['host'] ?? 'localhost'}`) + path;
  }

  #note({ rule, message }: OAuthFault): void {
    if (rule !== undefined) this.#violations.add(rule, undefined, message);
  }
}

function readForm({ headers, body }: OrgRequest): URLSearchParams {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) {
    throw new OAuthFault(400, 'invalid_request', 'the body is not a form');
  }
  return new URLSearchParams(typeof body === 'string' ? body : Buffer.from(body ?? []).toString('utf8'));
}

function grantedScopes(form: URLSearchParams, client: CheckedOAuthClient): ReadonlySet<string> {
  const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (asked.length === 0 || !asked.every((scope) => client.scopes.has(scope))) {
    throw new OAuthFault(400, 'invalid_scope', 'a scope is missing, or not granted to the client');
  }
  return new Set(asked);
}

function invalidToken(why: string, rule?: 'invalid-proof'): OAuthFault {
  return new OAuthFault(401, 'invalid_token', `the access token is invalid: ${why}`, rule);
}
