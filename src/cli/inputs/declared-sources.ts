import type { DatabaseSource } from '../../sources/database/database-source.js';
import { openMysql } from '../../sources/database/open-mysql.js';
import { openPostgres } from '../../sources/database/open-postgres.js';
import { openSqlite } from '../../sources/database/open-sqlite.js';
import type { Environment } from '../process/environment.js';
import type { LdapSpec } from '../settings/ldap-spec.js';
import type { DeclaredSource } from '../settings/read-config.js';
import { codeInput } from './code-input.js';
import { textOf } from './environment-text.js';
import type { RowInput } from './inputs.js';
import { ldapInputs, type LdapSpecs } from './ldap-inputs.js';
import { restInput } from './rest-input.js';
import type { Watermarks } from './watermarks.js';

/**
 * The inputs of the sources that a config file declares. Sources of one address share one connection, and so one snapshot of a database.
 *
 * @param signal - ends the reading of sources in code
 * @param watermarks - from where feeds are read
 * @throws {@link OptionsError} for a variable that is not set, or an address that is not valid.
 */
export async function declaredInputs(
  sources: Readonly<Record<string, DeclaredSource>>,
  env: Environment,
  signal: AbortSignal,
  watermarks: Watermarks,
): Promise<Record<string, RowInput>> {
  const databases = new Map<string, DatabaseSource>();
  const inputs: Record<string, RowInput> = await ldapInputs(ldapSpecs(sources), env, (name, filter) =>
    watermarks.inFilter(name, filter),
  );
  for (const [name, spec] of Object.entries(sources)) {
    if (spec.kind === 'ldap') continue;
    if (spec.kind === 'code') {
      inputs[name] = codeInput(name, spec.source, signal, () => watermarks.from(name));
      continue;
    }
    if (spec.kind === 'rest') {
      inputs[name] = await restInput(name, spec, env, (url) => watermarks.inUrl(name, url));
      continue;
    }
    const { kind, query } = spec;
    const place = kind === 'sqlite' ? spec.file : await textOf(spec.url, env, `${name}.${kind}.url`);
    const key = `${kind} ${place}`;
    const database = databases.get(key) ?? open(kind, place);
    databases.set(key, database);
    const complete = (text: string) => watermarks.inQuery(name, text);
    const shown = `${name} (${kind})`;
    inputs[name] = {
      name: shown,
      rows: () => database.rows(query, { name: shown, complete }),
      close: () => database[Symbol.asyncDispose](),
    };
  }
  return inputs;
}

function ldapSpecs(sources: Readonly<Record<string, DeclaredSource>>): LdapSpecs {
  const specs: Record<string, LdapSpec> = {};
  for (const [name, spec] of Object.entries(sources)) if (spec.kind === 'ldap') specs[name] = spec;
  return specs;
}

function open(kind: 'postgres' | 'mysql' | 'sqlite', place: string): DatabaseSource {
  switch (kind) {
    case 'postgres':
      return openPostgres({ url: place });
    case 'mysql':
      return openMysql({ url: place });
    case 'sqlite':
      return openSqlite({ file: place });
  }
}
