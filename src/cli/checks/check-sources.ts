import { ENTITIES, type Entity, type RecordOf } from '../../core/model.js';
import type { Rejection } from '../../core/rejection.js';
import { silent } from '../../events/events.js';
import { flowOf, inContext, type Flow, type Source } from '../../flow/flow.js';
import { pipe } from '../../flow/pipe.js';
import { RunContext } from '../../flow/run-context.js';
import { modeOf } from '../../core/mode.js';
import type { MappedSources } from '../mapping/sources.js';
import { memoryState } from '../../state/memory/memory-state.js';
import { directoryChanges } from '../../sync/directory-changes.js';
import { ReadingProgress } from '../../sync/reading-progress.js';
import { watchReading } from '../../transform/watch-reading.js';
import { validate } from '../../validate/validate.js';
import type { ValidateOptions } from '../../validate/validate-options.js';
import { asAborted, type CommandInput } from '../commands/command.js';
import { openCommandSources } from '../commands/open-sources.js';
import { chosenMapping, hasSources } from '../inputs/directory-inputs.js';
import { rejectionText } from '../text/rejections.js';
import { count, plural } from '../text/words.js';
import { AttributeUses } from './attribute-use.js';
import { faultOf, ok, warning, type Check } from './check.js';

/** The checks of the mapping and of the sources, and how the records use the attributes of users. */
export interface CheckedSources {
  readonly checks: readonly Check[];
  readonly uses: AttributeUses;
}

/** Loads the mapping, and reads every source to its end with the limits of Okta, as a plan does. Needs no network. */
export async function checkSources(input: CommandInput): Promise<CheckedSources> {
  const { settings, mapping: inline } = input.resolved;
  const checks: Check[] = [];
  const names: string[] = [];
  try {
    const mapping = await chosenMapping(input.resolved, input.context);
    if (mapping !== undefined) {
      if (mapping.users.kind === 'rows') names.push(...mapping.users.profile.keys());
      checks.push(ok('mapping', settings.map ?? inline?.place ?? ''));
    }
  } catch (error) {
    return { checks: [faultOf('mapping', error)], uses: new AttributeUses([]) };
  }
  const uses = new AttributeUses(names);
  if (!hasSources(input.resolved)) {
    checks.push(warning('sources', 'none is set', 'Use --users, --groups or --memberships.'));
    return { checks, uses };
  }
  let sources: MappedSources;
  try {
    sources = await openCommandSources(input);
  } catch (error) {
    return { checks: [...checks, faultOf('sources', error)], uses };
  }
  for (const entity of ENTITIES) {
    const source = sources[entity];
    if (source === undefined) continue;
    const options = { ...sources.validate?.[entity], mode: modeOf(settings.mode, entity) };
    const compare: Compare = (records, context) =>
      compareWithNothing(entity, records, sources, context, input);
    checks.push(await checkSource(entity, source as Source<RecordOf[Entity]>, options, uses, compare, input));
  }
  return { checks, uses };
}

/** Reads the accepted records to their end, as a plan does. Its rejections reach the context. */
type Compare = (records: Flow<RecordOf[Entity]>, context: RunContext) => Promise<void>;

/**
 * Compares users or groups with an empty state: so ids and logins that appear twice are rejected as in the plan of a first run. Memberships
 * are read only, because a state may know people and groups that no source has.
 */
async function compareWithNothing(
  entity: Entity,
  records: Flow<RecordOf[Entity]>,
  sources: MappedSources,
  context: RunContext,
  { resolved: { settings }, stopping }: CommandInput,
): Promise<void> {
  if (entity === 'memberships') {
    for await (const chunk of records.chunks()) void chunk;
    return;
  }
  const { users: _users, groups: _groups, memberships: _memberships, ...more } = sources;
  const { onDuplicate, mode } = settings;
  const options = {
    ...more,
    // A flow of its own, so that its rejections are not forwarded twice.
    [entity]: flowOf(() => records.chunks(), new RunContext()),
    ...(onDuplicate !== undefined && { onDuplicate }),
    ...(mode !== undefined && { mode }),
    screening: false,
  };
  const state = memoryState();
  try {
    const changes = directoryChanges(options, state, silent, context, stopping.signal);
    for await (const chunk of changes.chunks()) void chunk;
  } finally {
    await state.close();
  }
}

/** The accepted records, with the use of the attributes of users noted. */
async function* noted(records: Flow<RecordOf[Entity]>, entity: Entity, uses: AttributeUses) {
  for await (const chunk of records.chunks()) {
    if (entity === 'users') for (const record of chunk) if ('profile' in record) uses.add(record.profile);
    yield chunk;
  }
}

async function checkSource(
  entity: Entity,
  source: Source<RecordOf[Entity]>,
  options: ValidateOptions,
  uses: AttributeUses,
  compare: Compare,
  { display, stopping }: CommandInput,
): Promise<Check> {
  const [context, compared] = [new RunContext(), new RunContext()];
  let first: Rejection | undefined;
  for (const one of [context, compared]) one.onReject((rejection) => (first ??= rejection));
  const progress = new ReadingProgress(entity, { emit: (event) => display.progress(event) }, stopping.signal);
  try {
    const records = pipe(
      inContext(pipe(source), context),
      watchReading<RecordOf[Entity]>(progress.add, stopping.signal),
      validate(entity, options),
    );
    await compare(
      flowOf(() => noted(records as Flow<RecordOf[Entity]>, entity, uses), context),
      compared,
    );
  } catch (error) {
    return faultOf(entity, asAborted(error, stopping));
  }
  const { read, leftOut } = context.counts(entity);
  const rejected = context.counts(entity).rejected + compared.counts(entity).rejected;
  const size = `${plural(read, 'record')}${leftOut > 0 ? `, ${count(leftOut)} left out by the mapping` : ''}`;
  if (read === 0)
    return warning(
      entity,
      'the source has no records',
      'Check the export: everybody in Okta would count as removed.',
    );
  if (first === undefined) return ok(entity, size);
  return warning(
    entity,
    `${size}, ${count(rejected)} rejected: ${rejectionText(first)}`,
    'The rest can be sent; "rollcall plan" lists the rejected records.',
  );
}
