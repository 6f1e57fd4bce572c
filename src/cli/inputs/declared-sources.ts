import type { Entity } from '../../core/model.js';
import type { DatabaseSource } from '../../sources/database/database-source.js';
import { openMysql } from '../../sources/database/open-mysql.js';
import { openPostgres } from '../../sources/database/open-postgres.js';
import { openSqlite } from '../../sources/database/open-sqlite.js';
import type { Environment } from '../process/environment.js';
import type { DeclaredSource } from '../settings/read-config.js';
import { codeInput } from './code-input.js';
import { textOf } from './environment-text.js';
import type { RowInput } from './inputs.js';
import { restInput } from './rest-input.js';

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
    if (spec.kind === 'rest') {
      inputs[entity] = await restInput(entity, spec, env);
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
