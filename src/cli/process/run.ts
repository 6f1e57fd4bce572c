import { CommanderError, type Command as Commander } from 'commander';
import { OptionsError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { minPopulationReplaced } from '../../guard/guard-limits.js';
import { createDisplay } from '../display/create-display.js';
import type { Environment } from './environment.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { SYSTEM_DEPS, type CliContext, type CliDeps, type CliIo, type EndSignal } from './io.js';
import { buildProgram, type Execute } from './program.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import { describeCommandLine } from '../shell/command-line.js';
import { showError } from '../display/show-error.js';
import { nearest } from '../text/nearest.js';
import { isObserved, openTelemetry } from '../telemetry/telemetry.js';
import { Stopping } from './stopping.js';

const HELP_WIDTH = 100;
/** Flags with which people try to pass a secret, which every process on the machine could then read. */
const SECRET_FLAGS = /^--?(api-?token|token|private-?key|(client-?)?secret|password)(=|$)/i;

/**
 * Runs one command line and returns its exit code. The outside world is injected, so that a test can call this inside
 * its own process: it never ends the process and never throws.
 *
 * @param argv - The arguments after the program's name.
 */
export async function run(
  argv: readonly string[],
  io: CliIo,
  env: Environment,
  deps: Partial<CliDeps> = {},
): Promise<ExitCode> {
  const world = { ...SYSTEM_DEPS, ...deps, io, env };
  let exitCode: ExitCode = EXIT.DONE;
  const execute: Execute = async ({ name, command, settings }, flags) => {
    const { clock } = world;
    const telemetry = isObserved(name)
      ? await openTelemetry(name, { env, clock, stderr: io.stderr })
      : undefined;
    const context: CliContext = { ...world, observed: telemetry?.client };
    const shown = createDisplay(flags, context);
    const display = telemetry?.display(shown) ?? shown;
    const endNow = (signal: EndSignal) => {
      // Restores the cursor of the terminal.
      display.end();
      context.endNow(signal);
    };
    using stopping = new Stopping({ ...context, endNow });
    stopping.onStop((signal) => display.progress({ type: 'abort:requested', signal }));
    try {
      const resolved = await resolveSettings(settings, flags, env, context.cwd);
      const commandLine = () => describeCommandLine(program);
      exitCode = await command({ resolved, flags, context, display, stopping, commandLine });
    } catch (error) {
      exitCode = showError(error, display);
    } finally {
      display.end();
      await telemetry?.end(exitCode);
    }
  };
  const program = buildProgram(execute);
  prepare(program, io);
  try {
    refuseSecrets(argv);
    refuseMinPopulation(argv);
    refuseUnknownHelp(argv, program);
    await program.parseAsync(helpOfSubcommand(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.DONE : EXIT.USAGE;
    return showError(error, createDisplay({}, world));
  }
}

/** Makes commander write to the injected streams, and throw instead of ending the process. */
function prepare(command: Commander, io: CliIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: (text, write) => write(withHint(withoutValues(text)).replace(/^error: /, 'rollcall: ')),
    getOutHelpWidth: () => Math.min(HELP_WIDTH, io.stdout.columns ?? HELP_WIDTH),
    getErrHelpWidth: () => Math.min(HELP_WIDTH, io.stderr.columns ?? HELP_WIDTH),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) prepare(child, io);
}

function refuseSecrets(argv: readonly string[]): void {
  const flag = argv.find((argument) => SECRET_FLAGS.test(argument));
  if (flag === undefined) return;
  throw new OptionsError(
    flag.replace(/=.*/s, ''),
    'a secret cannot be a flag, because every process could read it; set OKTA_CLIENT_TOKEN or OKTA_CLIENT_PRIVATEKEY, or set OKTA_CLIENT_TOKEN_FILE or OKTA_CLIENT_PRIVATEKEY_FILE to a file with the secret',
  );
}

/** Commander would print the general help, as if it were that of the command. */
function refuseUnknownHelp([first, ...names]: readonly string[], { commands }: Commander): void {
  if (first !== 'help') return;
  let known = commands;
  for (const [i, name] of names.entries()) {
    if (name.startsWith('-') || (i === 0 && name === 'help')) return;
    const found = known.find((command) => command.name() === name);
    if (found === undefined) {
      const others = known.map((command) => command.name());
      const hint = others.length === 0 ? '' : nearest(name, others);
      throw new OptionsError('help', `there is no command ${quoted(names.slice(0, i + 1).join(' '))}${hint}`);
    }
    known = found.commands;
  }
}

/** `help state owed` as `state owed --help`: commander's own `help` knows the first word only. */
function helpOfSubcommand(argv: readonly string[]): readonly string[] {
  const [first, ...names] = argv;
  return first === 'help' && names.length > 1 ? [...names, '--help'] : argv;
}

function refuseMinPopulation(argv: readonly string[]): void {
  if (argv.some((argument) => /^--min-population(=|$)/.test(argument)))
    throw new OptionsError('--min-population', minPopulationReplaced('--min-deletes', '--min-updates'));
}

/** Says where an argument belongs: behind a flag with several values it would be one of these. */
function withHint(text: string): string {
  return text.replace(
    /^(error: missing required argument '\w+')/,
    '$1; write it before the flags, because a flag such as --users takes every word behind it',
  );
}

/** Removes values from the message about an unknown flag, because the value may be a secret. */
function withoutValues(text: string): string {
  return text.replace(/'(--?[^'=\s]+)=[^]*?'(?=\n|$)/g, "'$1'");
}
