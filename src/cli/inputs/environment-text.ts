import { OptionsError } from '../../core/errors.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import type { TextOrVariable } from '../settings/source-spec.js';

/**
 * A text of a config file, or the value of the environment variable that it names.
 * @throws {@link OptionsError} if the variable is not set
 */
export async function textOf(value: TextOrVariable, env: Environment, where: string): Promise<string> {
  if (typeof value === 'string') return value;
  const text = await readEnvironment(env, value.env);
  if (text === undefined)
    throw new OptionsError(
      where,
      `the environment variable ${value.env} is not set; set it, or set ${value.env}_FILE to a file with the value`,
    );
  return text;
}
