import type { Flow, StateStore } from 'rollcall';
import type { Case, Product, Side, World } from '../case.js';
import { firstDay, secondDay, truthOf } from '../data/days.js';
import { peopleFile } from '../data/files.js';
import { COLUMNS } from '../data/people.js';
import { fillTable, noPostgres } from '../peers/postgres.js';
import { declaredUser, send, userChanges } from '../support/pipeline.js';
import { copyPostgresState, preparePostgresState } from '../support/postgres-states.js';

const TABLE = 'people';
const QUERY = `SELECT ${COLUMNS.join(', ')} FROM ${TABLE}`;

/** A module of the package beside its main one. */
const subpath = (world: World, name: string): Promise<unknown> =>
  import(new URL(`../subpaths/${name}.js`, world.simulator).href) as Promise<unknown>;

type Rows = Flow<Readonly<Record<string, string | null>>>;

async function comparedThere(world: World): Promise<(state: StateStore) => Rows> {
  const { diffQuery } = (await subpath(world, 'postgres')) as typeof import('rollcall/postgres');
  return (state) => diffQuery(state, QUERY);
}

function usersOf(product: Product, rows: Rows) {
  return product.pipe(rows, product.map(declaredUser(product)));
}

/** The whole pipeline over a table beside the state, which has the first day. */
function overTable(
  name: string,
  rowsOf: (world: World, address: string) => Promise<(state: StateStore) => Rows>,
): Side {
  return {
    name,
    async load(world) {
      const product = await world.product();
      const address = await copyPostgresState(world, 'with_people');
      const rows = await rowsOf(world, address);
      return async () => {
        const state = await product.openState(address);
        try {
          const changes = userChanges(product, usersOf(product, rows(state)), state);
          return await send(product, changes, state, world.check);
        } finally {
          await state.close();
        }
      };
    },
  };
}

/** People and state in one database. */
export const queryCases: readonly Case[] = [
  {
    name: 'state-postgres-query-1pct',
    title:
      '1 % changed, people and state in one PostgreSQL on this machine, mapping declared: diffQuery, against reading the rows with openPostgres',
    unavailable: noPostgres,
    async prepare(world) {
      peopleFile('first', 'csv', world.size);
      const product = await world.product();
      const rows = await comparedThere(world);
      await preparePostgresState(world, 'with_people', async (state, client) => {
        await fillTable(client, TABLE, firstDay(world.size));
        // As the run of another day: it finds that the rows are unchanged, and remembers them.
        for await (const _ of userChanges(product, usersOf(product, rows(state)), state)) continue;
        await fillTable(client, TABLE, secondDay(world.size));
      });
    },
    truth: (size) => ({ ...truthOf(size) }),
    rollcall: overTable('diffQuery', comparedThere),
    peer: overTable('openPostgres', async (world, address) => {
      const { openPostgres } = (await subpath(world, 'sources')) as typeof import('rollcall/sources');
      return () => openPostgres({ url: address }).rows(QUERY);
    }),
  },
];
