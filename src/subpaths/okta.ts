/**
 * The parts of the Okta client: its raw operations, its transport, and the pieces of its sign-in.
 *
 * @module rollcall/okta
 * @packageDocumentation
 */
export type { ClientOptions } from '../okta/client-options.js';
export type {
  AppUser,
  DirectoryClient,
  OktaGroup,
  OktaPage,
  OktaUser,
  OrgGroup,
  PageOptions,
  SchemaAttribute,
} from '../okta/directory-client.js';
export type { ProxyOption } from '../okta/proxy.js';
export { isLostAnswer } from '../okta/lost-answer.js';
export type { Attempt, Authorizer, TokenSource } from '../okta/sign-in/auth.js';
export type { OAuthOptions } from '../okta/sign-in/oauth-options.js';
export type {
  KeySource,
  PrivateJwk,
  PrivateKey,
  Signer,
  SigningAlgorithm,
} from '../okta/sign-in/private-key.js';
export {
  TransportError,
  type CallOptions,
  type ClientWait,
  type EncodedBody,
  type GroupMembers,
  type OktaClient,
  type Session,
  type SessionStatus,
  type Transport,
  type WireRequest,
  type WireResponse,
} from '../okta/wire.js';
