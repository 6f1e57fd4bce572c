import type { FlatRow } from 'rollcall';
import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import type { PersonRow } from '../data/people.js';
import { noPostgres, openCursor, postgresDrain, postgresTable } from '../peers/postgres.js';
import { declaredUser, syncUsers, toRecord } from '../support/pipeline.js';
import { copyState, usersState } from '../support/states.js';

/** The whole pipeline over a cursor, from a state that holds the first day. */
function overCursor(declared: boolean): Side {
  return {
    name: declared ? 'rollcall, declared mapping' : 'rollcall',
    async load(world: World) {
      const product = await world.product();
      const { fromPages, map, pipe } = product;
      const state = copyState(await usersState(world), world);
      const toUser = declared
        ? declaredUser(product)
        : (row: FlatRow) => toRecord(row as unknown as PersonRow);
      return async () => {
        const cursor = await openCursor(world.size);
        async function* pages() {
          for (let rows = await cursor.next(); rows.length > 0; rows = await cursor.next())
            yield rows as unknown as readonly FlatRow[];
        }
        const rows = fromPages(pages(), { readAhead: true });
        const outcome = await syncUsers(product, pipe(rows, map(toUser)), state, world.check);
        await cursor.close();
        return outcome;
      };
    },
  };
}

function cursorCase(name: string, title: string, declared: boolean): Case {
  return {
    name,
    title,
    target: { wall: 1.4, peakMb: 150 },
    unavailable: noPostgres,
    async prepare(world) {
      await usersState(world);
      await postgresTable(world);
    },
    truth: (size) => ({ ...truthOf(size) }),
    rollcall: overCursor(declared),
    peer: postgresDrain,
  };
}

/** A directory in a database. */
export const databaseCases: readonly Case[] = [
  cursorCase(
    'postgres-1pct',
    '1 % changed, a PostgreSQL cursor on this machine, against draining the cursor alone',
    false,
  ),
  cursorCase(
    'postgres-1pct-declared',
    '1 % changed, a PostgreSQL cursor on this machine, mapping declared, against draining the cursor alone',
    true,
  ),
];
