import { exitCodeOf, type ExitCode } from '../process/exit-codes.js';
import type { CommandInput } from '../commands/command.js';
import { runMessage, type RunFacts } from './run-message.js';
import { openWebhook, type Webhook } from './webhook.js';

/**
 * Runs a command, and sends a message to the address of `--notify` if it fails, if the guard stops it, or if it leaves something undone.
 * A message that is not accepted is a line on standard error, and changes neither the outcome nor the exit code. A run that somebody
 * stops by a signal sends none.
 *
 * @throws {@link OptionsError} before the run if the address or the secret is not valid; the errors of the command
 */
export async function notified(
  input: CommandInput,
  run: (facts: RunFacts) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { notify } = input.resolved.settings;
  const facts: RunFacts = {};
  if (notify === undefined) return run(facts);
  const webhook = await openWebhook(notify, input.context.env);
  const startedAt = new Date(input.context.clock.now());
  try {
    const exitCode = await run(facts);
    await send(webhook, input, startedAt, exitCode, facts);
    return exitCode;
  } catch (error) {
    await send(webhook, input, startedAt, exitCodeOf(error), facts, error);
    throw error;
  }
}

async function send(
  webhook: Webhook,
  { resolved, context, stopping }: CommandInput,
  startedAt: Date,
  exitCode: ExitCode,
  facts: RunFacts,
  error?: unknown,
): Promise<void> {
  if (stopping.signal.aborted) return;
  const times = { startedAt, endedAt: new Date(context.clock.now()) };
  const message = runMessage(times, resolved.settings, exitCode, facts, error);
  if (message === undefined) return;
  try {
    await webhook.send(message);
  } catch (failure) {
    const { code, message: text } = failure as NodeJS.ErrnoException;
    const reason = code ?? text;
    context.io.stderr.write(
      `rollcall: the message of --notify was not accepted by ${webhook.host}: ${reason}\n`,
    );
  }
}
