import { OptionsError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import type { DatabaseSource } from '../../sources/database/database-source.js';
import { openMysql } from '../../sources/database/open-mysql.js';
import { openPostgres } from '../../sources/database/open-postgres.js';
import { openSqlite } from '../../sources/database/open-sqlite.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import type { DeclaredSource } from '../settings/read-config.js';
import type { SourceSpec, TextOrVariable } from '../settings/source-spec.js';
import { codeInput } from './code-input.js';
import type { RowInput } from './inputs.js';

/**
 * The inputs of the sources that a config file declares. Entities of one address share one connection, and so one snapshot.
 *
 * @param signal - ends the reading of sources in code
 * @throws {@link OptionsError} for a variable that is not set, or an address that is not valid.
 */
export async function declaredInputs(
  sources: Readonly<Partial<Record<Entity, DeclaredSource>>>,
  env: Environment,
  signal: AbortSignal,
): Promise<Partial<Record<Entity, RowInput>>> {
  const databases = new Map<string, DatabaseSource>();
  const inputs: Partial<Record<Entity, RowInput>> = {};
  for (const [entity, spec] of Object.entries(sources) as [Entity, DeclaredSource][]) {
    if (spec.kind === 'code') {
      inputs[entity] = codeInput(entity, spec.source, signal);
      continue;
    }
    const { kind, query } = spec;
    const place = kind === 'sqlite' ? spec.file : await textOf(spec.url, env, `${entity}.${kind}.url`);
    const key = `${kind} ${place}`;
    const database = databases.get(key) ?? open(kind, place);
    databases.set(key, database);
    const name = `${entity} (${kind})`;
    inputs[entity] = { name, rows: () => database.rows(query, { name }) };
  }
  return inputs;
}

function open(kind: SourceSpec['kind'], place: string): DatabaseSource {
  switch (kind) {
    case 'postgres':
      return openPostgres({ url: place });
    case 'mysql':
      return openMysql({ url: place });
    case 'sqlite':
      return openSqlite({ file: place });
  }
}

async function textOf(value: TextOrVariable, env: Environment, where: string): Promise<string> {
  if (typeof value === 'string') return value;
  const text = await readEnvironment(env, value.env);
  if (text === undefined)
    throw new OptionsError(
      where,
      `the environment variable ${value.env} is not set; set it, or set ${value.env}_FILE to a file with the value`,
    );
  return text;
}
