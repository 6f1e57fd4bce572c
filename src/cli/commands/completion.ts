import { OptionsError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { bashScript } from '../shell/bash.js';
import type { CommandLine } from '../shell/command-line.js';
import { fishScript } from '../shell/fish.js';
import { zshScript } from '../shell/zsh.js';
import { nearest } from '../text/nearest.js';
import type { Command } from './command.js';

const SCRIPTS: Readonly<Record<string, (program: CommandLine) => string>> = Object.freeze({
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
});

/** `completion SHELL`: prints the script that completes commands, flags and values in a shell. */
export const completionCommand: Command = ({ flags, context, commandLine }): Promise<ExitCode> => {
  const shell = String(flags['shell']);
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    const names = Object.keys(SCRIPTS);
    throw new OptionsError(
      'completion',
      `expected one of ${names.join(', ')}, got ${quoted(shell)}${nearest(shell, names)}`,
    );
  }
  context.io.stdout.write(script(commandLine()));
  return Promise.resolve(EXIT.DONE);
};
