import { LIMITS, type AttributeLimit } from '../core/limits.js';
import { membershipKey, type Entity } from '../core/model.js';
import type { FieldRules } from '../screening/screening.js';
import { idFault, type IdFault } from './id-check.js';
import { nameFault, replaceInvisible, replaceUnsupported, textFault, type TextFault } from './okta-text.js';
import type { ValidateOptions } from './validate-options.js';

/** The result of a check: the record (possibly converted), or the reason for its rejection. */
export type RecordVerdict =
  | { readonly record: unknown }
  | {
      readonly key: string | undefined;
      readonly field: string | undefined;
      readonly code: string;
      readonly reason: string;
    };

/** Checks one record. */
export type Checker = (record: unknown) => RecordVerdict;

/** Okta accepts characters of at most three bytes, and JSON needs two for a quote or a line feed. */
const MOST_BYTES_PER_CHARACTER = 3;
const FRAME_BYTES = 200;
/** At least the bytes of a record besides its id and attributes. */
const RECORD_BYTES = 40;
const EMAIL = /^[^\s@]+@[^\s@]+$/;
/** Attributes of users that people type: they have no character that cannot be seen. */
const TYPED: ReadonlySet<string> = new Set(['userName', 'email', 'secondEmail']);

/** An error of one value. */
interface Fault {
  readonly field: string | undefined;
  readonly code: string;
  readonly reason: string;
}

/** Creates the function that checks the records of an entity. */
export function createChecker(entity: Entity, options: ValidateOptions): Checker {
  const check = entity === 'memberships' ? checkMembership : new ProfileChecker(entity, options).check;
  return options.mode === 'delta' ? checkDelta(entity, check) : check;
}

/** In a delta feed, a record with `deleted: true` needs only its ids; other records are checked as usual. */
function checkDelta(entity: Entity, check: Checker): Checker {
  return (record) => {
    if (!isMarked(record)) return check(record);
    const { deleted: _deleted, ...rest } = record as Record<string, unknown>;
    const verdict = entity === 'memberships' ? checkMembership(rest) : checkId(entity, rest);
    return 'code' in verdict ? verdict : { record };
  };
}

/** Checks only the id of a user or group. */
function checkId(entity: Entity, { externalId }: Record<string, unknown>): RecordVerdict {
  if (typeof externalId !== 'string' || externalId === '')
    return unidentified('NO_EXTERNAL_ID', idReason(externalId), 'externalId');
  const longest = entity === 'users' ? LIMITS.userExternalIdLength : LIMITS.groupExternalIdLength;
  const fault = idFault('externalId', externalId, longest);
  return fault === undefined ? { record: undefined } : badId(externalId, fault);
}

function isMarked(record: unknown): boolean {
  return typeof record === 'object' && record !== null && (record as { deleted?: unknown }).deleted === true;
}

const MARKED: Fault = {
  field: 'deleted',
  code: 'MARKED_DELETED',
  reason: "is true, which is allowed in mode 'delta' only",
};

function checkMembership(record: unknown): RecordVerdict {
  if (typeof record !== 'object' || record === null)
    return unidentified('NOT_A_RECORD', 'the record is not an object');
  const { groupExternalId, memberExternalId } = record as Record<string, unknown>;
  for (const [field, id] of [
    ['groupExternalId', groupExternalId],
    ['memberExternalId', memberExternalId],
  ] as const) {
    if (typeof id !== 'string' || id === '')
      return unidentified('NO_EXTERNAL_ID', 'is missing, empty or not a string', field);
  }
  const group = groupExternalId as string;
  const member = memberExternalId as string;
  const fault =
    idFault('groupExternalId', group, LIMITS.groupExternalIdLength) ??
    idFault('memberExternalId', member, LIMITS.memberExternalIdLength);
  if (fault !== undefined) return badId(membershipKey(group, member), fault);
  return isMarked(record) ? { key: membershipKey(group, member), ...MARKED } : { record };
}

/** The limits and required attributes of an entity. */
export function fieldRules(entity: Entity, options: ValidateOptions): FieldRules {
  if (entity === 'memberships') return { limits: new Map(), required: [] };
  const limits = entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile;
  return {
    limits: new Map(Object.entries({ ...limits, ...options.attributes })),
    required: options.required ?? (entity === 'users' ? ['userName', 'email'] : ['displayName']),
  };
}

class ProfileChecker {
  readonly #entity: 'users' | 'groups';
  readonly #limits: ReadonlyMap<string, AttributeLimit>;
  readonly #required: readonly string[];
  readonly #numbers: boolean;
  readonly #booleans: boolean;
  readonly #replacement: string | undefined;
  readonly #idLength: number;

  constructor(entity: 'users' | 'groups', options: ValidateOptions) {
    this.#entity = entity;
    const { limits, required } = fieldRules(entity, options);
    this.#limits = limits;
    this.#required = required;
    const { coerce = false, unsupportedCharacters } = options;
    this.#numbers = typeof coerce === 'object' ? coerce.numbers === true : coerce;
    this.#booleans = typeof coerce === 'object' ? coerce.booleans === true : coerce;
    this.#replacement =
      typeof unsupportedCharacters === 'object' ? unsupportedCharacters.replaceWith : undefined;
    this.#idLength = entity === 'users' ? LIMITS.userExternalIdLength : LIMITS.groupExternalIdLength;
  }

  readonly check: Checker = (record) => {
    if (typeof record !== 'object' || record === null)
      return unidentified('NOT_A_RECORD', 'the record is not an object');
    const { externalId, profile } = record as { externalId?: unknown; profile?: unknown };
    if (typeof externalId !== 'string' || externalId === '') {
      return unidentified('NO_EXTERNAL_ID', idReason(externalId), 'externalId');
    }
    const idProblem = idFault('externalId', externalId, this.#idLength);
    if (idProblem !== undefined) return badId(externalId, idProblem);
    if (isMarked(record)) return { key: externalId, ...MARKED };
    if (typeof profile !== 'object' || profile === null || Array.isArray(profile)) {
      return { key: externalId, field: 'profile', code: 'NO_PROFILE', reason: 'is missing or not an object' };
    }
    return this.#checkProfile(record, externalId, profile as Record<string, unknown>);
  };

  #checkProfile(record: object, externalId: string, profile: Record<string, unknown>): RecordVerdict {
    const names = Object.keys(profile);
    if (names.length === 0)
      return {
        key: externalId,
        field: 'profile',
        code: 'EMPTY_PROFILE',
        reason: 'has no attributes',
      };
    let changed: Record<string, string | null> | undefined;
    let characters = externalId.length;
    let isUndefined = false;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const given = profile[name];
      if (given === undefined) {
        isUndefined = true;
        continue;
      }
      const value = this.#convert(name, given);
      const fault = this.#attributeFault(name, value);
      if (fault !== undefined) return { key: externalId, ...fault };
      if (value !== given) (changed ??= {})[name] = value as string;
      characters += name.length + 6 + (value === null ? 4 : (value as string).length);
    }
    for (const name of this.#required) {
      const value = Object.hasOwn(profile, name) ? profile[name] : undefined;
      if (value === undefined || value === null || value === '') {
        return { key: externalId, field: name, code: 'REQUIRED', reason: 'is required' };
      }
    }
    if (isUndefined) return this.check({ ...record, profile: withoutUndefined(profile) });
    const result = changed === undefined ? record : { ...record, profile: { ...profile, ...changed } };
    const most = characters * MOST_BYTES_PER_CHARACTER + RECORD_BYTES + FRAME_BYTES;
    if (most > LIMITS.bytesPerRequest && tooLarge(result)) {
      return {
        key: externalId,
        field: undefined,
        code: 'TOO_LARGE',
        reason: 'the record does not fit into one request of 200,000 bytes',
      };
    }
    return { record: result };
  }

  /** The value to send: converted, if the options allow it. */
  #convert(name: string, value: unknown): unknown {
    if (typeof value === 'string') {
      if (this.#replacement === undefined || this.#textFault(name, value) === undefined) return value;
      return this.#isTyped(name)
        ? replaceInvisible(value, this.#replacement)
        : replaceUnsupported(value, this.#replacement);
    }
    if (typeof value === 'number' && this.#numbers && Number.isFinite(value)) return String(value);
    if (typeof value === 'boolean' && this.#booleans) return String(value);
    return value;
  }

  #isTyped(name: string): boolean {
    return this.#entity === 'users' && TYPED.has(name);
  }

  #textFault(name: string, text: string): TextFault | undefined {
    return this.#isTyped(name) ? nameFault(text) : textFault(text);
  }

  #attributeFault(name: string, value: unknown): Fault | undefined {
    const limit = this.#limits.get(name);
    if (limit === undefined) {
      if (name === '__proto__')
        return { field: name, code: 'UNSUPPORTED_ATTRIBUTE', reason: 'is not a valid attribute name' };
      if (this.#entity === 'groups')
        return {
          field: name,
          code: 'UNKNOWN_ATTRIBUTE',
          reason: 'is not an attribute that a group can have',
        };
      const nameProblem = textFault(name);
      if (nameProblem !== undefined) return { field: name, ...nameProblem };
    }
    if (value === null) {
      return limit === undefined || limit.nullable
        ? undefined
        : { field: name, code: 'NULL_NOT_ALLOWED', reason: 'must not be null' };
    }
    if (typeof value !== 'string')
      return { field: name, code: 'NOT_A_STRING', reason: `is ${kindOf(value)}; Okta accepts strings only` };
    const fault = this.#textFault(name, value);
    if (fault !== undefined) return { field: name, ...fault };
    if (limit !== undefined) {
      if (value.length < limit.min)
        return { field: name, code: 'TOO_SHORT', reason: `has fewer than ${limit.min} characters` };
      if (value.length > limit.max)
        return { field: name, code: 'TOO_LONG', reason: `has more than ${limit.max} characters` };
      if (name === 'email' && this.#entity === 'users' && !EMAIL.test(value)) {
        return { field: name, code: 'NOT_AN_EMAIL', reason: 'is not a valid email address' };
      }
    }
    return undefined;
  }
}

/** The attributes that have a value; JSON leaves out undefined ones as well. */
function withoutUndefined(profile: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
}

function tooLarge(record: object): boolean {
  return Buffer.byteLength(JSON.stringify(record)) + FRAME_BYTES > LIMITS.bytesPerRequest;
}

/** The rejection of a record with a fault in an id. */
function badId(key: string, { isLost, ...fault }: IdFault): RecordVerdict {
  return { key: isLost ? undefined : key, ...fault };
}

function idReason(id: unknown): string {
  return typeof id === 'number' || typeof id === 'bigint'
    ? 'is a number; convert it to text, with String(...), because a number can lose zeros and digits'
    : 'is missing, empty or not a string';
}

function unidentified(code: string, reason: string, field?: string): RecordVerdict {
  return { key: undefined, field, code, reason };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value === undefined) return 'undefined';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
