import { readFile } from 'node:fs/promises';
import { OptionsError } from '../../core/errors.js';
import type { Flow } from '../../flow/flow.js';
import type { EntrySelection, LdapOptions, LdapSearch } from '../../sources/ldap/ldap-options.js';
import { openLdap, type LdapSource } from '../../sources/ldap/open-ldap.js';
import type { FlatRow } from '../../transform/to-records.js';
import type { Environment } from '../process/environment.js';
import type { LdapSpec } from '../settings/ldap-spec.js';
import { textOf } from './environment-text.js';
import type { NeededColumns } from './header-check.js';
import type { RowInput } from './inputs.js';
import { WATERMARK_WORD } from './watermarks.js';

/** The searches that a config file declares, by the names of the sources. */
export type LdapSpecs = Readonly<Record<string, LdapSpec>>;

/**
 * The inputs of LDAP directories that a config file declares. Those of the same server and account share one connection.
 * @param complete - completes the filter of a source when it is read, with a watermark
 * @throws {@link OptionsError} for a variable that is not set, or an option that `openLdap` does not accept
 */
export async function ldapInputs(
  specs: LdapSpecs,
  env: Environment,
  complete: (name: string, filter: string) => string = (_, filter) => filter,
): Promise<Record<string, RowInput>> {
  const directories = new Map<string, LdapSource>();
  const inputs: Record<string, RowInput> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const where = `${name}.ldap`;
    const options = await optionsOf(spec, where, env);
    const key = JSON.stringify(options);
    const directory = directories.get(key) ?? named(where, () => openLdap(options));
    directories.set(key, directory);
    const search = searchOf(name, spec, specs['users']);
    const completed = (filter: string) => complete(name, filter);
    const rows = (needed?: NeededColumns): Flow<FlatRow> =>
      named(where, () =>
        directory.search({ ...onlyNeeded(search, needed), complete: completed }),
      ) as unknown as Flow<FlatRow>;
    // The directory is the judge of the options; a flow that is never read would keep its connection open.
    named(where, () => openLdap(options).search(search));
    inputs[name] = { name: `${name} (ldap)`, rows, close: () => directory[Symbol.asyncDispose]() };
  }
  return inputs;
}

async function optionsOf(spec: LdapSpec, where: string, env: Environment): Promise<LdapOptions> {
  const { startTls, allowPlainPassword, referrals, pageSize, bind, caFile } = spec;
  const url = await textOf(spec.url, env, `${where}.url`);
  const account = bind && {
    dn: await textOf(bind.dn, env, `${where}.bind.dn`),
    password: await textOf(bind.password, env, `${where}.bind.password`),
  };
  const ca = caFile === undefined ? undefined : await certificates(caFile, where);
  const given = { startTls, allowPlainPassword, referrals, pageSize, bind: account, ca };
  return {
    url,
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Partial<LdapOptions>),
  };
}

async function certificates(file: string, where: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OptionsError(`${where}.caFile`, `${file} cannot be read: ${code}`);
  }
}

function searchOf(name: string, spec: LdapSpec, users: LdapSpec | undefined): LdapSearch {
  const { attributes, binary, members } = spec;
  if (members !== undefined) {
    const { people = users } = members;
    const why =
      people === undefined
        ? 'because the users are not read from LDAP'
        : people.filter?.includes(WATERMARK_WORD) === true
          ? `without ${WATERMARK_WORD}: members are all people, and not only those who changed`
          : undefined;
    if (why !== undefined)
      throw new OptionsError(
        `${name}.ldap.members.people`,
        `expected the base and the filter of the people, ${why}`,
      );
  }
  return {
    ...selectionOf(spec),
    attributes,
    ...(binary !== undefined && { binary }),
    ...(members !== undefined && {
      members: { ...members, people: members.people ?? selectionOf(users as LdapSpec) },
    }),
    name: `${name} (ldap)`,
  };
}

/**
 * The search without the attributes that the mapping does not need: the members of a group, for example, while its name is read. All of
 * them if it needs another one, so that the error can name the nearest.
 */
function onlyNeeded(search: LdapSearch, needed: NeededColumns | undefined): LdapSearch {
  const { attributes, members, ...others } = search;
  const names = new Set(needed?.names);
  const kept = attributes.filter((name) => names.has(name));
  if (needed?.others !== 'leave' || kept.length < names.size || kept.length === 0) return search;
  const listed = (members?.attribute ?? 'member').toLowerCase();
  const needsMembers = kept.some((name) => name.toLowerCase() === listed);
  return { ...others, attributes: kept, ...(members !== undefined && needsMembers && { members }) };
}

function selectionOf({ base, filter, scope }: EntrySelection): EntrySelection {
  return { base, ...(filter !== undefined && { filter }), ...(scope !== undefined && { scope }) };
}

/** Errors of options name their place in the config file. */
function named<T>(where: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const option = error.option === 'ca' ? 'caFile' : error.option;
    throw new OptionsError(`${where}.${option}`, error.message.slice(error.option.length + 2));
  }
}
