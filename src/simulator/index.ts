/**
 * A local Okta org for tests: `startOrg` over HTTP, `SimulatedOrg` without it.
 *
 * @module rollcall/simulator
 * @packageDocumentation
 */
export { Org, startOrg, type StartOrgOptions } from './server.js';
export { SimulatedOrg } from './org.js';
export type { OrgAttribute, OrgItem, OrgOptions } from './options.js';
export type { RateLimit } from './rate-limits.js';
export { FAULT_KINDS, type FaultHook, type FaultOptions } from './faults.js';
export type { AuthAnswer, Authenticate, AuthResult } from './auth.js';
export type { OrgOAuthClient, OrgOAuthOptions } from './oauth-options.js';
export type { PublicJwk } from './jwt.js';
export type { DirectoryEdit, DirectoryView, HeldGroup, HeldUser } from './directory.js';
export type {
  Fault,
  FaultKind,
  LoggedRequest,
  OrgAnswer,
  OrgBucket,
  OrgRefusal,
  OrgReply,
  OrgRequest,
  OrgReset,
  OrgSession,
  OrgSessionStatus,
  Violation,
  ViolationRule,
} from './types.js';
