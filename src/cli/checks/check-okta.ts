import { OktaAuthError, OktaHttpError, RollcallError } from '../../core/errors.js';
import type { Clock } from '../../core/clock.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import type { OktaClient } from '../../okta/wire.js';
import { FINAL } from '../../upload/poll-session.js';
import { remedyForAnswer } from '../text/remedies.js';
import { count, plural, printable } from '../text/words.js';
import type { AttributeUses } from './attribute-use.js';
import { fault, faultOf, ok, warning, type Check } from './check.js';
import { checkSchema } from './check-schema.js';

const SOURCE = 'identity source';
/** The `Date` of a response has whole seconds, and the response takes time; a clock that is further off is wrong. */
const CLOCK_TOLERANCE_MS = 30_000;

/** What the checks of Okta need. */
export interface OktaInput {
  readonly okta: OktaClient & DirectoryClient;
  /** The ids of the sessions of the state; undefined if they are not known. */
  readonly ours: ReadonlySet<string> | undefined;
  readonly uses: AttributeUses;
  /** True for a service app, false for an API token. */
  readonly isApp: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks Okta by reading calls only: whether the source answers, its schema, what may be read back, the clock, and the rate limits. */
export async function checkOkta(input: OktaInput): Promise<Check[]> {
  const answer = await checkAnswer(input);
  const skew = checkClock(input);
  if (answer.result === 'fault') return [answer, ...skew];
  return [
    answer,
    ...(await schemaOf(input)),
    ...(await checkReadBack(input)),
    ...skew,
    checkRateLimits(input),
  ];
}

async function checkAnswer({ okta, ours, isApp, signal }: OktaInput): Promise<Check> {
  try {
    const listed = await okta.listSessions({ signal });
    const sessions = listed.filter(({ status }) => !FINAL.has(status));
    const others = ours === undefined ? [] : sessions.filter(({ id }) => !ours.has(id));
    const foreign = others.find(({ status }) => status !== 'TRIGGERED') ?? others[0];
    if (foreign === undefined)
      return ok(SOURCE, `Okta answers; ${plural(sessions.length, 'active session')}`);
    return warning(
      SOURCE,
      `session ${printable(foreign.id)} (${foreign.status}) was not created by this state`,
      foreign.status === 'TRIGGERED'
        ? 'Another program uses this identity source. A sync may have to wait for the import of this session.'
        : `If no other program uses this identity source, run "rollcall cancel --force ${printable(foreign.id)}"; a sync is refused while it is open.`,
    );
  } catch (error) {
    return faultOf(SOURCE, error, adviceFor(error, isApp));
  }
}

function adviceFor(error: unknown, isApp: boolean): string | undefined {
  const remedy = remedyForAnswer(error);
  if (remedy !== undefined) return `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`;
  if (!(error instanceof OktaAuthError)) return undefined;
  if (isApp)
    return error.status === 401
      ? 'Check the client id and the key of the service app, and whether it is active.'
      : 'Grant the scopes okta.identitySources.read and okta.identitySources.manage to the service app, name them in OKTA_CLIENT_SCOPES, and give it a role for the app of the identity source.';
  return error.status === 401
    ? 'The API token is wrong, expired or revoked: create a new one (Security > API > Tokens).'
    : 'Use the API token of an administrator who may manage the app of the identity source.';
}

async function schemaOf({ okta, uses, signal }: OktaInput): Promise<Check[]> {
  try {
    return checkSchema(await okta.getSchema({ signal }), uses);
  } catch (error) {
    return [unread('schema', error, 'okta.schemas.read', 'attributes were not compared with it')];
  }
}

/** Reads one user and one group of a page: `verify` needs these lists, a sync does not. */
async function checkReadBack({ okta, signal }: OktaInput): Promise<Check[]> {
  const first = { limit: 1, signal };
  const lists = [
    { scope: 'okta.apps.read', read: () => okta.listAppUsers(first), effect: 'verify needs --one-by-one' },
    {
      scope: 'okta.groups.read',
      read: () => okta.listGroups(first),
      effect: 'verify does not find groups that are not ours',
    },
  ];
  const refused: Check[] = [];
  for (const { scope, read, effect } of lists) {
    try {
      await read();
    } catch (error) {
      refused.push(unread('reading back', error, scope, effect));
    }
  }
  return refused.length > 0 ? refused : [ok('reading back', 'verify can list users and groups')];
}

/** Something that a sync does not need could not be read. */
function unread(name: string, error: unknown, scope: string, effect: string): Check {
  if (!(error instanceof RollcallError) || error.code === 'ERR_ROLLCALL_ABORTED') throw error;
  const status = error instanceof OktaHttpError ? error.status : undefined;
  if (status === 404)
    return warning(name, `Okta does not offer it for this identity source (${error.message}): ${effect}`);
  if (status === 403)
    return warning(
      name,
      `not allowed (${error.message}): ${effect}`,
      `Grant the scope ${scope}, and name it in OKTA_CLIENT_SCOPES.`,
    );
  return fault(name, error.message);
}

function checkClock({ okta, clock }: OktaInput): Check[] {
  const date = okta.serverDate();
  if (date === undefined) return [];
  const skewMs = clock.now() - date;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= CLOCK_TOLERANCE_MS) return [ok('clock', 'as in Okta')];
  return [
    warning(
      'clock',
      `${plural(seconds, 'second')} ${skewMs > 0 ? 'ahead of' : 'behind'} Okta's`,
      "Set the clock of this machine: sign-ins of service apps and the times in reports depend on it. Waits follow Okta's clock.",
    ),
  ];
}

function checkRateLimits({ okta }: OktaInput): Check {
  const limits = [...okta.rateLimits()].map(([bucket, limit]) => `${bucket} ${count(limit)}`);
  if (limits.length === 0) return ok('rate limits', 'Okta told none');
  return ok('rate limits', `requests in a window, mostly a minute: ${limits.join(', ')}`);
}
