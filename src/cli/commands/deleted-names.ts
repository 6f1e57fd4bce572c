import { OktaHttpError, ReadBackError, RollcallError } from '../../core/errors.js';
import { ENTITIES, type Entity, type Profile } from '../../core/model.js';
import { quoted } from '../../core/visible.js';
import type { DirectoryClient } from '../../okta/directory-client.js';
import type { CallOptions } from '../../okta/wire.js';
import type { StateStore } from '../../state/store.js';
import type { DeletedNames } from '../text/deletions-text.js';
import { similarTo } from '../text/nearest.js';
import type { CommandInput } from './command.js';
import { connectIfSet } from './connect-if-set.js';
import type { FirstDeletions, Planned } from './planned.js';
import type { ReportFiles } from './report-files.js';

/** Stands for the values of somebody whom Okta does not have. */
const NOT_THERE = '(not in Okta)';

/** The most deletions of each entity that are read one by one. */
const MOST_READ = 20;
/** The most pages of the list of users that are read, of up to 500 users each. */
const MOST_PAGES = 40;

type Values = Map<string, readonly string[]>;

/**
 * Reads the names of deletions from Okta: their rows have left the source, and the state stores no values. Many users are found in the
 * list of the identity source, some are read one by one. The report gets them too. A failure, or a signal, is a note, because the plan
 * is valid without names. Without `--names`, nothing is read.
 */
export async function readDeletedNames(
  planned: Planned,
  state: StateStore,
  files: ReportFiles | undefined,
  input: CommandInput,
): Promise<DeletedNames | undefined> {
  const { columns, named } = planned;
  if (columns === undefined || named.users.length + named.groups.length === 0) return undefined;
  const values = { users: new Map(), groups: new Map(), memberships: new Map() } as Record<Entity, Values>;
  const note = await input.stopping.finished(readValues(columns, named, values, state, input)).catch(whyNot);
  for (const entity of ENTITIES)
    if (values[entity].size > 0)
      files?.allowedValues({ entity, attributes: columns, values: values[entity] });
  return { columns, values, note };
}

/** @throws what is no error of rollcall */
function whyNot(error: unknown): string {
  if (!(error instanceof RollcallError)) throw error;
  return `The names were not read: ${error.message}.`;
}

/** Reads the values, and returns what there is to say of them. */
async function readValues(
  columns: readonly string[],
  deletions: FirstDeletions,
  values: Record<Entity, Values>,
  state: StateStore,
  input: CommandInput,
): Promise<string | undefined> {
  const okta = await connectIfSet(state, input);
  if ('why' in okta) return `The names were not read: ${okta.why}.`;
  const options = { signal: input.stopping.signal };
  const seen = new Set<string>();
  const valuesOf = (found: { readonly profile: Profile } | undefined): readonly string[] => {
    for (const name of Object.keys(found?.profile ?? {})) seen.add(name);
    return columns.map(
      (column, i) => found?.profile[column] ?? (found === undefined && i === 0 ? NOT_THERE : ''),
    );
  };
  try {
    if (deletions.users.length > MOST_READ) {
      const wanted = new Set(deletions.users.map(({ externalId }) => externalId));
      await readFromList(okta, wanted, (user) => values.users.set(user.externalId, valuesOf(user)), options);
    }
    for (const { externalId } of deletions.users.slice(0, MOST_READ))
      if (!values.users.has(externalId))
        values.users.set(externalId, valuesOf(await okta.getUser(externalId, options)));
    for (const { externalId } of deletions.groups.slice(0, MOST_READ))
      values.groups.set(externalId, valuesOf(await okta.getGroup(externalId, options)));
  } finally {
    await okta.close();
  }
  return unknownColumns(columns, seen);
}

/** The sentence about attributes that nobody who was read has; undefined without such, or if nobody was found. */
function unknownColumns(columns: readonly string[], seen: ReadonlySet<string>): string | undefined {
  if (seen.size === 0) return undefined;
  const unknown = columns
    .filter((column) => !seen.has(column))
    .map((column) => {
      const near = similarTo(column, [...seen]);
      return near === undefined ? quoted(column) : `${quoted(column)} (did you mean ${quoted(near)}?)`;
    });
  return unknown.length === 0 ? undefined : `Nobody of them has in Okta: ${unknown.join(', ')}.`;
}

/** Finds users in the list of the identity source. An org that does not serve the list is no failure: some are read one by one then. */
async function readFromList(
  okta: DirectoryClient,
  wanted: ReadonlySet<string>,
  found: (user: { readonly externalId: string; readonly profile: Profile }) => void,
  options: CallOptions,
): Promise<void> {
  let after: string | undefined;
  let missing = wanted.size;
  try {
    for (let page = 0; page < MOST_PAGES && missing > 0; page++) {
      const { items, next } = await okta.listAppUsers({ ...options, ...(after !== undefined && { after }) });
      for (const { externalId, profile } of items) {
        if (externalId === undefined || !wanted.has(externalId)) continue;
        missing--;
        found({ externalId, profile });
      }
      if (next === undefined) return;
      after = next;
    }
  } catch (error) {
    if (!(error instanceof OktaHttpError || error instanceof ReadBackError)) throw error;
  }
}
