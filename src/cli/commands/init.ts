import { access, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OptionsError, OutputError, SourceError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { quoted } from '../../core/visible.js';
import { CONFIG_FILE } from '../settings/config-file.js';
import { configText } from '../settings/config-text.js';
import { declaredInputs } from '../inputs/declared-sources.js';
import type { RowInput } from '../inputs/inputs.js';
import { sourceSample } from '../inputs/source-sample.js';
import { tableSample, type SampleOptions, type TableSample } from '../inputs/table-sample.js';
import { asWritten, groupsBeside, usersFrom } from '../inputs/users-from.js';
import { Watermarks } from '../inputs/watermarks.js';
import type { CliContext } from '../process/io.js';
import { STATE_DIRECTORY } from '../settings/run-settings.js';
import { readEnvironment } from '../process/environment.js';
import { openPlace, statePlace } from '../settings/state-place.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { flagValue, type Flags } from '../settings/resolve-settings.js';
import { readSource, type DeclaredSourceOptions } from '../settings/source-spec.js';
import { recognised } from '../mapping/recognised.js';
import { suggestMapping } from '../mapping/suggest.js';
import { suggestionNotes } from '../mapping/suggestion-notes.js';
import type { Command, CommandInput } from './command.js';

/** The file to which `init` writes the mapping. */
export const MAPPING_FILE = 'rollcall.mapping.json';

/** What only the user knows of the files. */
const CUT_FILES =
  'A file that was cut off between two rows looks complete: set expectRows, trailer or completeMarker, or a lower maxDeletePercent.';

/**
 * `init`: writes a commented config file, creates the state that it requires, and writes a mapping derived from the columns and the first
 * rows of the users.
 */
export const initCommand: Command = async (input): Promise<ExitCode> => {
  const { flags, context, display } = input;
  const { cwd } = context;
  const files = givenFiles(flags);
  const text = (key: string) => (typeof flags[key] === 'string' ? flags[key] : undefined);
  const reading = readingOf(flags);
  const from = await sourceOf(text, files, context);
  const sample =
    from !== undefined
      ? await sampleOf(from, input)
      : files.users === undefined
        ? undefined
        : await tableSample(resolve(cwd, files.users), reading);
  if (from === undefined && sample !== undefined) refuseOneColumn(sample, files.users);
  const users = from && sample && asWritten(from, sample.header);
  const groups = users && groupsBeside(users);
  const mapping = sample && suggestMapping(sample);
  const config = configText(
    {
      ...files,
      ...(users !== undefined && { users }),
      ...(mapping !== undefined && { map: MAPPING_FILE }),
      ...(sample?.format !== undefined && { format: sample.format }),
      ...(sample?.encoding !== undefined && { encoding: sample.encoding }),
      ...reading,
      requireState: true,
    },
    groups === undefined ? {} : { groups },
  );
  const texts = { ...(mapping !== undefined && { [MAPPING_FILE]: mapping }), [CONFIG_FILE]: config };
  const names = Object.keys(texts);
  const replace = flags['force'] === true;
  // Write both files or neither: otherwise one of them would refer to old content of the other.
  if (!replace) for (const name of names) await refuseExisting(join(cwd, name), name);
  for (const [name, content] of Object.entries(texts))
    await writeFile(join(cwd, name), name, content, replace);
  await createState(context);
  display.outcome(
    { type: 'init:written', files: names },
    initText(names, sample === undefined ? [] : suggestionNotes(sample), from === undefined),
  );
  return EXIT.DONE;
};

/** One column that is nothing of a user is a title, or a whole row: a mapping of it would be useless. */
function refuseOneColumn(sample: TableSample, file: string | undefined): void {
  const [only, ...more] = sample.header;
  if (only === undefined || more.length > 0 || recognised(sample).profile.size > 0) return;
  throw new SourceError(
    `there is only the column ${quoted(only)}, which is nothing of a user, so nothing was written; look at the delimiter, or at lines before the header`,
    { file },
  );
}

/** The source of users that is no file. */
async function sourceOf(
  text: (key: string) => string | undefined,
  files: Partial<Record<Entity, string>>,
  { env }: CliContext,
): Promise<DeclaredSourceOptions | undefined> {
  const from = text('usersFrom');
  const [query, bindDn, ldapCa] = [text('query'), text('bindDn'), text('ldapCa')];
  if (from !== undefined) {
    if (files.users !== undefined) throw new OptionsError('--users-from', 'cannot be used with --users');
    return usersFrom({ from, query, bindDn, ldapCa }, env);
  }
  const [useless] = Object.entries({ '--query': query, '--bind-dn': bindDn, '--ldap-ca': ldapCa }).find(
    ([, value]) => value !== undefined,
  ) ?? [undefined];
  if (useless !== undefined)
    throw new OptionsError(useless, 'needs --users-from with the address of the source');
  if (Object.keys(files).length === 0)
    throw new OptionsError(
      '--users',
      'not set; give the file with your users, or --users-from with a database or a directory',
    );
  return undefined;
}

async function sampleOf(
  source: DeclaredSourceOptions,
  { context, resolved, stopping }: CommandInput,
): Promise<TableSample> {
  const { cwd, env, clock } = context;
  const spec = readSource(source);
  const placed =
    spec.kind === 'sqlite'
      ? { ...spec, file: resolve(cwd, spec.file) }
      : spec.kind === 'ldap' && spec.caFile !== undefined
        ? { ...spec, caFile: resolve(cwd, spec.caFile) }
        : spec;
  const { users } = await declaredInputs({ users: placed }, env, stopping.signal, new Watermarks(resolved));
  const isLdap = spec.kind === 'ldap';
  const kind = { kind: isLdap ? 'ldap' : 'query', isAnonymous: isLdap && spec.bind === undefined } as const;
  return sourceSample(users as RowInput, kind, clock, stopping.signal);
}

/** The config file requires a state, so that a state that is lost later is noticed: the first one is created here. */
async function createState(context: CliContext): Promise<void> {
  const place = await readEnvironment(context.env, 'ROLLCALL_STATE');
  const state = await openPlace(statePlace(place === undefined ? {} : { state: place }, context), context);
  await state.close();
}

/** How the files are read: flags that are settings of a sync as well. They are written into the config file. */
function readingOf(flags: Flags): SampleOptions {
  return {
    ...flagValue('jsonPath', flags),
    ...flagValue('encoding', flags),
    ...flagValue('delimiter', flags),
    ...flagValue('skipLines', flags),
  };
}

function givenFiles(flags: Flags): Partial<Record<Entity, string>> {
  const given: Partial<Record<Entity, string>> = {};
  for (const entity of ENTITIES) {
    const path = flags[entity];
    if (typeof path === 'string') given[entity] = path;
  }
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

function initText(files: readonly string[], notes: readonly string[], isOfFiles: boolean): string {
  return [
    ...files.map((name) => `Wrote ${name}`),
    `The state is in ${STATE_DIRECTORY}. Keep it: without it, people who left cannot be found.`,
    '',
    ...(notes.length === 0 ? [] : ['Look at this first:', ...notes.map((note) => `  - ${note}`), '']),
    ...(isOfFiles ? [CUT_FILES, ''] : []),
    files.length > 1 ? 'Check both files. Then:' : 'Check the file. Then:',
    '  rollcall plan    shows what a sync would send; it sends nothing and needs no credentials',
    '  rollcall sync    sends it; set OKTA_CLIENT_ORGURL, OKTA_CLIENT_TOKEN and OKTA_IDENTITY_SOURCE_ID first',
  ].join('\n');
}
