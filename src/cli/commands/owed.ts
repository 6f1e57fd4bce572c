import { forgetOwed, readOwed } from '../../sync/watermark.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { owedText } from '../text/owed-text.js';
import type { Command } from './command.js';
import { openCommandState } from './open-state.js';

/** `state owed`: lists the records of feeds that Okta does not have, or removes some from the list. */
export const owedCommand: Command = async (input): Promise<ExitCode> => {
  const { flags, display } = input;
  const state = await openCommandState(input, { create: false });
  try {
    const ids = Array.isArray(flags['forget']) ? (flags['forget'] as readonly string[]) : [];
    const forgotten = ids.length === 0 ? [] : await forgetOwed(state, ids);
    const records = await readOwed(state);
    display.outcome({ type: 'state:owed', records, forgotten }, owedText(records, forgotten));
    return EXIT.DONE;
  } finally {
    await state.close();
  }
};
