import type { Readable } from 'node:stream';
import { OptionsError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { formatOfName } from './format.js';
import { declaredInputs } from './declared-sources.js';
import type { InputSpec } from './inputs.js';
import { Watermarks } from './watermarks.js';
import type { CliContext } from '../process/io.js';
import type { SourceFindings } from '../mapping/source-findings.js';
import { dayOf, isoDay, type Day } from '../mapping/dates.js';
import { identityMapping, loadMapping, parseInlineMapping } from '../mapping/load.js';
import type { Mapping } from '../mapping/mapping.js';
import { mappedSources, type MappedSources } from '../mapping/sources.js';
import type { DeclaredSource } from '../settings/read-config.js';
import type { Resolved } from '../settings/resolve-settings.js';
import { validateOptions } from '../settings/library-options.js';
import type { Settings } from '../settings/settings.js';

/**
 * Creates the sources of a run from the settings and the mapping. Nothing is opened yet.
 *
 * @param signal - ends the reading of sources in code
 * @param findings - sees the rows of users and groups
 * @param watermarks - from where feeds are read. @defaultValue from their beginning
 * @throws {@link OptionsError} if there is no source, or if standard input is used twice.
 */
export async function openSources(
  resolved: Resolved,
  context: CliContext,
  signal: AbortSignal,
  findings?: SourceFindings,
  watermarks = new Watermarks(resolved),
): Promise<MappedSources> {
  const { settings, sources, lookups } = resolved;
  const { io, env } = context;
  const { files, others } = lookupSources(lookups);
  // Together, so that the entities and lookups of one database are read from one snapshot.
  const declared = await declaredInputs({ ...others, ...sources }, env, signal, watermarks);
  const inputs: Partial<Record<Entity, InputSpec>> = {};
  for (const entity of ENTITIES) {
    const input = declared[entity];
    if (input === undefined) continue;
    const { name } = input;
    inputs[entity] = {
      ...input,
      also: watermarks.columnOf(entity),
      watched: (rows) => watermarks.watched(entity, rows, name),
    };
  }
  // Beside standard input, whose format only `--format` says, the names of the other inputs still count.
  const all = ENTITIES.flatMap((entity) => settings[entity] ?? []);
  const formatForAll = all.every((path) => formatOfName(path) !== undefined);
  for (const entity of ENTITIES) {
    const paths = settings[entity];
    if (paths === undefined) continue;
    inputs[entity] = {
      paths,
      reading: { ...settings, formatForAll },
      also: watermarks.columnOf(entity),
      watched: (rows) => watermarks.fresh(entity, watermarks.watched(entity, rows, paths.join(', '))),
    };
  }
  expectRows(inputs, settings.expectRows);
  if (settings.completeMarker !== undefined && all.length === 0)
    throw new OptionsError('--complete-marker', 'needs files, and no input is one');
  if (Object.keys(inputs).length === 0) {
    throw new OptionsError('--users', 'there is no source; use --users, --groups or --memberships');
  }
  if (all.filter((path) => path === '-').length > 1) {
    throw new OptionsError('-', 'standard input can be read only once');
  }
  const mapping = (await chosenMapping(resolved, context)) ?? identityMapping;
  return mappedSources(mapping, inputs, {
    stdin: io.stdin,
    findings,
    neverClear: settings.neverClear,
    validate: { users: validateOptions(settings, 'users'), groups: validateOptions(settings, 'groups') },
    mode: settings.mode,
    lookups: { ...declared, ...fileInputs(files, settings) },
  });
}

/** The lookups that are files, and the others. */
function lookupSources(lookups: Resolved['lookups']) {
  const files: Record<string, readonly string[]> = {};
  const others: Record<string, DeclaredSource> = {};
  for (const [name, source] of Object.entries(lookups)) {
    if (source.kind === 'files') files[name] = source.paths;
    else others[name] = source;
  }
  return { files, others };
}

function fileInputs(files: Readonly<Record<string, readonly string[]>>, { encoding }: Settings) {
  const inputOf = (paths: readonly string[]): InputSpec => ({ paths, reading: { encoding } });
  return Object.fromEntries(Object.entries(files).map(([name, paths]) => [name, inputOf(paths)]));
}

/** Sets the number of rows that each input must have. */
function expectRows(inputs: Partial<Record<Entity, InputSpec>>, expected: Settings['expectRows']): void {
  if (expected === undefined) return;
  const entities = ENTITIES.filter((entity) => inputs[entity] !== undefined);
  if (typeof expected === 'number' && entities.length > 1)
    throw new OptionsError(
      '--expect-rows',
      `there are several inputs; give the number of each, such as ${entities[0]}=${expected}`,
    );
  const numbers = typeof expected === 'number' ? { [String(entities[0])]: expected } : expected;
  for (const [entity, rows] of Object.entries(numbers) as [Entity, number][]) {
    const input = inputs[entity];
    if (input === undefined) throw new OptionsError('--expect-rows', `there is no input of ${entity}`);
    inputs[entity] = { ...input, expectRows: rows };
  }
}

/**
 * The mapping of a mapping file or of a config in code; undefined without one.
 *
 * @throws {@link OptionsError} if it is not valid.
 */
export async function chosenMapping(
  { settings, mapping }: Pick<Resolved, 'settings' | 'mapping'>,
  { clock }: Pick<CliContext, 'clock'>,
): Promise<Mapping | undefined> {
  const today = todayOf(settings, clock.now());
  if (settings.map !== undefined) return loadMapping(settings.map, today);
  return mapping === undefined ? undefined : parseInlineMapping(mapping.content, mapping.place, today);
}

/** The day that a mapping calls `today`: the one that was given, or that of the clock in UTC. */
function todayOf({ today }: Settings, now: number): Day {
  return today === undefined ? dayOf(now) : (isoDay(today) as Day);
}

/** Whether there is any source: files, standard input, or what the config file declares. */
export function hasSources({ settings, sources }: Pick<Resolved, 'settings' | 'sources'>): boolean {
  return ENTITIES.some((entity) => settings[entity] !== undefined || sources[entity] !== undefined);
}

/** Whether any source is standard input. */
export function readsStdin(settings: Settings): boolean {
  return ENTITIES.some((entity) => settings[entity]?.includes('-'));
}

/** Ends the reading of standard input, whose next bytes may not arrive for hours. */
export function closeStdin({ io }: CliContext): void {
  (io.stdin as Partial<Readable>).destroy?.();
}
