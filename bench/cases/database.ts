import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import type { PersonRow } from '../data/people.js';
import { noPostgres, openCursor, postgresDrain, postgresTable } from '../peers/postgres.js';
import { syncUsers, toRecord } from '../support/pipeline.js';
import { copyState, usersState } from '../support/states.js';

/** The whole pipeline over a cursor, from a state that holds the first day. */
const overCursor: Side = {
  name: 'rollcall',
  async load(world: World) {
    const product = await world.product();
    const { fromPages, map, pipe } = product;
    const state = copyState(await usersState(world), world);
    return async () => {
      const cursor = await openCursor(world.size);
      async function* pages() {
        for (let rows = await cursor.next(); rows.length > 0; rows = await cursor.next()) yield rows;
      }
      const rows = fromPages<PersonRow>(pages(), { readAhead: true });
      const outcome = await syncUsers(product, pipe(rows, map(toRecord)), state, world.check);
      await cursor.close();
      return outcome;
    };
  },
};

/** A directory in a database. */
export const databaseCases: readonly Case[] = [
  {
    name: 'postgres-1pct',
    title: '1 % changed, a PostgreSQL cursor on this machine, against draining the cursor alone',
    target: { wall: 1.4, peakMb: 150 },
    unavailable: noPostgres,
    async prepare(world) {
      await usersState(world);
      await postgresTable(world);
    },
    truth: (size) => ({ ...truthOf(size) }),
    rollcall: overCursor,
    peer: postgresDrain,
  },
];
