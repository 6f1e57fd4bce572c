import { OptionsError } from '../../core/errors.js';
import { startOrg } from '../../simulator/index.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { duration, number, Unexpected, type Kind } from '../settings/setting-kinds.js';
import type { Command } from './command.js';

/** A flag of `simulate`. Its flags are not settings: a local org for tests does not belong into a config file. */
export interface SimulateFlag {
  readonly flag: string;
  readonly kind: Kind<number>;
  readonly description: string;
  readonly fallback: string;
}

/** The flags of `simulate`, by the option of `startOrg` that they set. */
export const SIMULATE_FLAGS = Object.freeze({
  port: {
    flag: '--port',
    kind: number({ min: 0, max: 65_535, integer: true }),
    description: 'the TCP port on 127.0.0.1',
    fallback: 'a free one',
  },
  seed: {
    flag: '--seed',
    kind: number({ min: 0, max: 2 ** 31 - 1, integer: true }),
    description: 'the seed from which ids and the token are generated',
    fallback: 'random',
  },
  cooldownMs: {
    flag: '--cooldown',
    kind: duration(),
    description: 'the time after a trigger during which no session can be created while one is imported',
    fallback: '5m',
  },
  importMs: {
    flag: '--import',
    kind: duration(),
    description: 'the duration of the import of a session',
    fallback: '50ms',
  },
} satisfies Record<string, SimulateFlag>);

/** `simulate`: runs a local Okta org for tests, until a signal ends it. */
export const simulateCommand: Command = async ({ flags, context, display, stopping }): Promise<ExitCode> => {
  await using org = await listen({ ...read(flags), clock: context.clock });
  const { url, identitySourceId, token } = org;
  const text = [
    'A local Okta org is running. It is empty, and it loses everything when it stops.',
    'To use it, paste these lines into another terminal:',
    '',
    `  export OKTA_CLIENT_ORGURL=${url}`,
    `  export OKTA_CLIENT_TOKEN=${token}`,
    `  export OKTA_IDENTITY_SOURCE_ID=${identitySourceId}`,
    '',
    'Ctrl+C stops it.',
  ].join('\n');
  display.outcome({ type: 'simulate:ready', url, identitySourceId, token }, text);
  const { signal } = stopping;
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return EXIT.DONE;
};

function read(
  flags: Readonly<Record<string, unknown>>,
): Partial<Record<keyof typeof SIMULATE_FLAGS, number>> {
  const options: Partial<Record<keyof typeof SIMULATE_FLAGS, number>> = {};
  for (const key of Object.keys(SIMULATE_FLAGS) as (keyof typeof SIMULATE_FLAGS)[]) {
    const { flag, kind } = SIMULATE_FLAGS[key];
    const given = flags[flag.slice(2)];
    if (given === undefined) continue;
    try {
      options[key] = kind.parse(given as string);
    } catch (error) {
      throw error instanceof Unexpected ? new OptionsError(flag, error.message) : error;
    }
  }
  return options;
}

async function listen(options: Parameters<typeof startOrg>[0]): ReturnType<typeof startOrg> {
  try {
    return await startOrg(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES')
      throw new OptionsError('--port', `the port cannot be used (${code})`);
    throw error;
  }
}
