import { OptionsError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { RunContext } from '../../flow/run-context.js';
import { fromRest } from '../../sources/rest/from-rest.js';
import type { FlatRow } from '../../transform/to-records.js';
import type { Environment } from '../process/environment.js';
import type { RestSpec } from '../settings/rest-spec.js';
import { textOf } from './environment-text.js';
import type { RowInput } from './inputs.js';
import { SameRows } from './same-rows.js';

/**
 * The input of a REST API that a config file declares.
 *
 * @param complete - completes the address when it is read
 * @throws {@link OptionsError} for a variable that is not set, or an option that `fromRest` does not accept
 */
export async function restInput(
  entity: string,
  spec: RestSpec,
  env: Environment,
  complete: (url: string) => string = (url) => url,
): Promise<RowInput> {
  const { kind: _kind, bearer: _bearer, basic: _basic, url, ...options } = spec;
  const where = `${entity}.rest`;
  const authorization = await authorizationOf(spec, where, env);
  const name = `${entity} (rest)`;
  const checked = {
    ...options,
    url: await textOf(url, env, `${where}.url`),
    name,
    numbers: 'text' as const,
    ...(authorization !== undefined && { authorization }),
  };
  const rows = (): Flow<FlatRow> =>
    flowOf(() => fromRest<FlatRow>({ ...checked, url: complete(checked.url) }).chunks(), new RunContext());
  try {
    fromRest({ ...checked, url: complete(checked.url) });
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new OptionsError(`${where}.${error.option}`, error.message.slice(error.option.length + 2));
  }
  const same = new SameRows(name);
  return { name, rows: () => same.watched(rows()) };
}

async function authorizationOf(
  { bearer, basic }: Pick<RestSpec, 'bearer' | 'basic'>,
  where: string,
  env: Environment,
): Promise<string | undefined> {
  if (bearer !== undefined) return `Bearer ${await textOf(bearer, env, `${where}.bearer`)}`;
  if (basic === undefined) return undefined;
  const password = await textOf(basic.password, env, `${where}.basic.password`);
  return `Basic ${Buffer.from(`${basic.user}:${password}`).toString('base64')}`;
}
