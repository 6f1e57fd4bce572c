import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OptionsError } from '../../core/errors.js';
import { createClient } from '../../okta/client.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import type { OktaClient } from '../../okta/wire.js';
import type { Target } from '../../state/store.js';
import { clientOptions } from '../settings/library-options.js';
import { readCredentials, type Credentials } from '../settings/credentials.js';
import type { CliContext } from '../process/io.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { VERSION } from '../process/version.js';

/**
 * Creates a client of Okta, with credentials from the environment.
 *
 * @param known - The org and source that the state belongs to: used if no setting names them.
 * @param credentials - those of the environment, if they were read before
 * @throws {@link OptionsError} that names the missing setting.
 */
export async function connect(
  settings: Settings,
  context: CliContext,
  known?: Target,
  credentials?: Credentials,
): Promise<OktaClient & DirectoryClient> {
  const orgUrl = settings.orgUrl ?? known?.orgUrl ?? missing('orgUrl');
  const identitySourceId = settings.identitySource ?? known?.identitySourceId ?? missing('identitySource');
  const auth = credentials ?? (await readCredentials(context.env));
  if (auth === undefined) {
    throw new OptionsError(
      'OKTA_CLIENT_TOKEN',
      'not set; set it, or set OKTA_CLIENT_TOKEN_FILE to a file with the token, or set OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY',
    );
  }
  const ca =
    settings.ca === undefined ? undefined : await readCertificates(resolve(context.cwd, settings.ca));
  const { clock, random, transport } = context;
  const client = createClient({
    orgUrl,
    identitySourceId,
    auth,
    clock,
    random,
    userAgent: `rollcall/${VERSION}`,
    // The environment variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY set a proxy, as they do for other programs.
    ...(transport ? { transport } : { proxy: 'environment' as const }),
    ...(ca !== undefined && { ca }),
    ...clientOptions(settings),
  });
  return context.observed?.(client) ?? client;
}

/** The org and source from the settings, checked; needs no credentials and sends nothing. */
export async function targetOf(settings: Settings): Promise<Target> {
  const given = {
    orgUrl: settings.orgUrl ?? missing('orgUrl'),
    identitySourceId: settings.identitySource ?? missing('identitySource'),
  };
  const client = createClient({
    ...given,
    auth: { token: () => Promise.reject(new Error('nothing is sent')) },
  });
  const { orgUrl, identitySourceId } = client;
  await client.close();
  return { orgUrl, identitySourceId };
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new OptionsError('--ca', `the file cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function missing(key: 'orgUrl' | 'identitySource'): never {
  const { flag, env } = SETTINGS[key];
  throw new OptionsError(
    flag as string,
    `not set; use ${flag}, set ${env}, or set ${key} in the config file`,
  );
}
