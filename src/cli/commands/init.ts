import { access, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OptionsError, OutputError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { CONFIG_FILE } from '../settings/config-file.js';
import { configText } from '../settings/config-text.js';
import { tableSample } from '../inputs/table-sample.js';
import type { CliContext } from '../process/io.js';
import { STATE_DIRECTORY } from '../settings/run-settings.js';
import { readEnvironment } from '../process/environment.js';
import { openPlace, statePlace } from '../settings/state-place.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { Flags } from '../settings/resolve-settings.js';
import { suggestMapping } from '../mapping/suggest.js';
import { suggestionNotes } from '../mapping/suggestion-notes.js';
import type { Command } from './command.js';

/** The file to which `init` writes the mapping. */
export const MAPPING_FILE = 'rollcall.mapping.json';

/** `init`: writes a commented config file, creates the state that it requires, and writes a mapping derived from the header and the first rows of the users' file. */
export const initCommand: Command = async ({ flags, context, display }): Promise<ExitCode> => {
  const { cwd } = context;
  const given = sources(flags);
  const jsonPath = typeof flags['jsonPath'] === 'string' ? flags['jsonPath'] : undefined;
  const sample =
    given.users === undefined ? undefined : await tableSample(resolve(cwd, given.users), jsonPath);
  const mapping = sample && suggestMapping(sample);
  const config = configText({
    ...given,
    ...(mapping !== undefined && { map: MAPPING_FILE }),
    ...(jsonPath !== undefined && { jsonPath }),
    ...(sample?.format !== undefined && { format: sample.format }),
    ...(sample?.encoding !== undefined && { encoding: sample.encoding }),
    requireState: true,
  });
  const texts = { ...(mapping !== undefined && { [MAPPING_FILE]: mapping }), [CONFIG_FILE]: config };
  const files = Object.keys(texts);
  const replace = flags['force'] === true;
  // Write both files or neither: otherwise one of them would refer to old content of the other.
  if (!replace) for (const name of files) await refuseExisting(join(cwd, name), name);
  for (const [name, text] of Object.entries(texts)) await writeFile(join(cwd, name), name, text, replace);
  await createState(context);
  display.outcome(
    { type: 'init:written', files },
    initText(files, sample === undefined ? [] : suggestionNotes(sample)),
  );
  return EXIT.DONE;
};

/** The config file requires a state, so that a state that is lost later is noticed: the first one is created here. */
async function createState(context: CliContext): Promise<void> {
  const place = await readEnvironment(context.env, 'ROLLCALL_STATE');
  const state = await openPlace(statePlace(place === undefined ? {} : { state: place }, context), context);
  await state.close();
}

function sources(flags: Flags): Partial<Record<Entity, string>> {
  const given: Partial<Record<Entity, string>> = {};
  for (const entity of ENTITIES) {
    const path = flags[entity];
    if (typeof path === 'string') given[entity] = path;
  }
  if (Object.keys(given).length === 0)
    throw new OptionsError('--users', 'not set; give the file with your users');
  return given;
}

async function refuseExisting(path: string, name: string): Promise<void> {
  try {
    await access(path);
  } catch {
    return;
  }
  throw new OptionsError('--force', `${name} already exists; use --force to replace it`);
}

async function writeFile(path: string, name: string, text: string, replace: boolean): Promise<void> {
  try {
    const file = await open(path, replace ? 'w' : 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new OutputError(`cannot be written (${(error as NodeJS.ErrnoException).code})`, name);
  }
}

function initText(files: readonly string[], notes: readonly string[]): string {
  return [
    ...files.map((name) => `Wrote ${name}`),
    `The state is in ${STATE_DIRECTORY}. Keep it: without it, people who left cannot be found.`,
    '',
    ...(notes.length === 0 ? [] : ['Look at this first:', ...notes.map((note) => `  - ${note}`), '']),
    files.length > 1 ? 'Check both files. Then:' : 'Check the file. Then:',
    '  rollcall plan    shows what a sync would send; it sends nothing and needs no credentials',
    '  rollcall sync    sends it; set OKTA_CLIENT_ORGURL, OKTA_CLIENT_TOKEN and OKTA_IDENTITY_SOURCE_ID first',
  ].join('\n');
}
