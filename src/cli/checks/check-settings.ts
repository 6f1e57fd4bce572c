import { OptionsError } from '../../core/errors.js';
import type { Target } from '../../state/store.js';
import { targetOf } from '../commands/connect.js';
import type { Environment } from '../process/environment.js';
import { readCredentials, type Credentials } from '../settings/credentials.js';
import type { Settings } from '../settings/settings.js';
import { fault, faultOf, ok, warning, type Check } from './check.js';

const SETTINGS = 'settings';
const CREDENTIALS = 'credentials';
/** The scope without which nothing can be sent. */
const MANAGE = 'okta.identitySources.manage';

/** Checks the org and the identity source: they are set and valid, and those of the state. */
export async function checkTarget(settings: Settings, known: Target | undefined): Promise<Check> {
  let target: Target;
  try {
    const { orgUrl = known?.orgUrl, identitySource = known?.identitySourceId } = settings;
    target = await targetOf({
      ...(orgUrl !== undefined && { orgUrl }),
      ...(identitySource !== undefined && { identitySource }),
    });
  } catch (error) {
    return faultOf(SETTINGS, error);
  }
  const { orgUrl, identitySourceId } = target;
  const message = `${orgUrl}, identity source ${identitySourceId}`;
  if (known === undefined) return ok(SETTINGS, message);
  const isSource = identitySourceId === known.identitySourceId;
  if (isSource && orgUrl === known.orgUrl) return ok(SETTINGS, message);
  return fault(
    SETTINGS,
    `${message}; but the state belongs to ${known.orgUrl}, identity source ${known.identitySourceId}`,
    isSource
      ? 'If the org got another address, run "rollcall state retarget"; otherwise use another --state.'
      : 'Use another --state for this identity source.',
  );
}

/** Checks that credentials are set and complete, and returns those that can be used. Sends nothing. */
export async function checkCredentials(
  env: Environment,
): Promise<{ readonly check: Check; readonly credentials?: Credentials }> {
  try {
    const credentials = await readCredentials(env);
    return { check: credentialsCheck(credentials), ...(credentials && { credentials }) };
  } catch (error) {
    if (error instanceof OptionsError) return { check: faultOf(CREDENTIALS, error) };
    throw error;
  }
}

function credentialsCheck(credentials: Credentials | undefined): Check {
  if (credentials === undefined)
    return warning(
      CREDENTIALS,
      'not set, so Okta was not checked',
      'Set OKTA_CLIENT_TOKEN_FILE, or OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY_FILE.',
    );
  if ('token' in credentials) return ok(CREDENTIALS, 'an API token');
  const { clientId, scopes } = credentials;
  const app = `service app ${clientId}`;
  if (scopes !== undefined && !scopes.includes(MANAGE))
    return fault(CREDENTIALS, `${app} without the scope ${MANAGE}`, 'Add it to OKTA_CLIENT_SCOPES.');
  return ok(CREDENTIALS, app);
}
