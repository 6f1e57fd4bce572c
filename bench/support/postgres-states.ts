import type { Client } from 'pg';
import type { StateStore } from 'rollcall';
import { peopleFile } from '../data/files.js';
import type { World } from '../case.js';
import { addressOf, withClient } from '../peers/postgres.js';
import { peopleOf, userChanges } from './pipeline.js';
import { adoptAll } from './states.js';

const PREFIX = 'rollcall_bench_state';
/** The database in which a run changes its copy of the state. */
const COPY = `${PREFIX}_run`;

/** What a database has besides the state: nothing, or the second day's people in a table. */
export type Beside = 'alone' | 'with_people';

const baseOf = ({ size, build }: Pick<World, 'size' | 'build'>, beside: Beside) =>
  `${PREFIX}_${beside}_${size}_${build.toLowerCase().replace(/\W/g, '_')}`;

/**
 * A database with a state that has the first day's people; made once for each build of the package.
 * @param beside - the rest of its content, which `fill` makes when the state is there
 */
export async function preparePostgresState(
  world: World,
  beside: Beside = 'alone',
  fill: (state: StateStore, client: Client) => Promise<void> = async () => undefined,
): Promise<void> {
  const base = baseOf(world, beside);
  const isThere = await withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
      [`${PREFIX}_`],
    );
    if (rows.some(({ name }) => name === base)) return true;
    for (const { name } of rows)
      if (name.startsWith(`${PREFIX}_${beside}_${world.size}_`)) await client.query(`DROP DATABASE ${name}`);
    await client.query(`DROP DATABASE IF EXISTS ${COPY}`);
    await client.query(`CREATE DATABASE ${COPY}`);
    return false;
  });
  if (isThere) return;
  const product = await world.product();
  const state = await product.openState(addressOf(COPY));
  await adoptAll(
    product,
    state,
    userChanges(product, peopleOf(product, peopleFile('first', 'csv', world.size)), state),
  );
  await withClient((client) => fill(state, client), COPY);
  await state.close();
  // As autovacuum would have done by the next day.
  await withClient((client) => client.query('VACUUM ANALYZE'), COPY);
  await withClient((client) => client.query(`ALTER DATABASE ${COPY} RENAME TO ${base}`));
}

/** The address of a copy of the state for one run, which changes it. */
export async function copyPostgresState(world: World, beside: Beside = 'alone'): Promise<string> {
  await withClient(async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${COPY}`);
    await client.query(`CREATE DATABASE ${COPY} TEMPLATE ${baseOf(world, beside)} STRATEGY file_copy`);
  });
  return addressOf(COPY);
}

/** Removes the databases of a size. */
export async function dropPostgresStates(world: Pick<World, 'size' | 'build'>): Promise<void> {
  await withClient(async (client) => {
    for (const name of [COPY, baseOf(world, 'alone'), baseOf(world, 'with_people')])
      await client.query(`DROP DATABASE IF EXISTS ${name}`);
  });
}
