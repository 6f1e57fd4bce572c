import { readFile } from 'node:fs/promises';
import { OptionsError } from '../../core/errors.js';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A value from an environment variable, or from the file that `{name}_FILE` names (container secrets are mounted as
 * files). White space around it is removed. An empty variable counts as not set.
 *
 * @throws {@link OptionsError} if both are set, or if the file cannot be read or is empty. The message contains no value.
 */
export async function readEnvironment(env: Environment, name: string): Promise<string | undefined> {
  const value = env[name]?.trim();
  const file = env[`${name}_FILE`]?.trim();
  if (!file) return value === '' ? undefined : value;
  if (value) throw new OptionsError(`${name}_FILE`, `set either this or ${name}, not both`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new OptionsError(
      `${name}_FILE`,
      `the file cannot be read: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
  const content = text.replace(/^\uFEFF/, '').trim();
  if (content === '') throw new OptionsError(`${name}_FILE`, 'the file is empty');
  return content;
}
