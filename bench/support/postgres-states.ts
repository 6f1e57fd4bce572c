import { peopleFile } from '../data/files.js';
import type { World } from '../case.js';
import { addressOf, withClient } from '../peers/postgres.js';
import { peopleOf, userChanges } from './pipeline.js';
import { adoptAll } from './states.js';

const PREFIX = 'rollcall_bench_state';
/** The database in which a run changes its copy of the state. */
const COPY = `${PREFIX}_run`;

const baseOf = ({ size, build }: Pick<World, 'size' | 'build'>) =>
  `${PREFIX}_${size}_${build.toLowerCase().replace(/\W/g, '_')}`;

/** A database with a state that has the first day's people; made once for each build of the package. */
export async function preparePostgresState(world: World): Promise<void> {
  const base = baseOf(world);
  const isThere = await withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
      [`${PREFIX}_`],
    );
    if (rows.some(({ name }) => name === base)) return true;
    for (const { name } of rows)
      if (name.startsWith(`${PREFIX}_${world.size}_`)) await client.query(`DROP DATABASE ${name}`);
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
  await state.close();
  // As autovacuum would have done by the next day.
  await withClient((client) => client.query('VACUUM ANALYZE'), COPY);
  await withClient((client) => client.query(`ALTER DATABASE ${COPY} RENAME TO ${base}`));
}

/** The address of a copy of the state for one run, which changes it. */
export async function copyPostgresState(world: World): Promise<string> {
  await withClient(async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${COPY}`);
    await client.query(`CREATE DATABASE ${COPY} TEMPLATE ${baseOf(world)} STRATEGY file_copy`);
  });
  return addressOf(COPY);
}

/** Removes the databases of a size. */
export async function dropPostgresStates(world: Pick<World, 'size' | 'build'>): Promise<void> {
  await withClient(async (client) => {
    for (const name of [COPY, baseOf(world)]) await client.query(`DROP DATABASE IF EXISTS ${name}`);
  });
}
