import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import { peopleFile } from '../data/files.js';
import { noPostgres } from '../peers/postgres.js';
import { peopleOf, syncUsers } from '../support/pipeline.js';
import { copyPostgresState, preparePostgresState } from '../support/postgres-states.js';
import { prepareDays, rollcallDay } from './days.js';

/** The whole pipeline over the second day's file, from a state in PostgreSQL that holds the first day. */
function overPostgres(declared: boolean): Side {
  return {
    name: 'state in PostgreSQL',
    async load(world: World) {
      const product = await world.product();
      const state = await copyPostgresState(world);
      const file = peopleFile('second', 'csv', world.size);
      return () => syncUsers(product, peopleOf(product, file, declared), state, world.check);
    },
  };
}

function stateCase(name: string, title: string, declared: boolean, target: Case['target']): Case {
  return {
    name,
    title,
    ...(target !== undefined && { target }),
    unavailable: noPostgres,
    async prepare(world) {
      await prepareDays(world, 'second', ['csv']);
      await preparePostgresState(world);
    },
    truth: (size) => ({ ...truthOf(size) }),
    rollcall: overPostgres(declared),
    peer: { ...rollcallDay('second', 'csv', declared), name: 'state in a directory' },
  };
}

/** The same day with the state in each store. */
export const stateStoreCases: readonly Case[] = [
  stateCase(
    'state-postgres-1pct',
    '1 % changed, CSV, the state in PostgreSQL on this machine, against the state in a directory',
    false,
    { wall: 2, peakMb: 150 },
  ),
  stateCase(
    'state-postgres-1pct-declared',
    '1 % changed, CSV, mapping declared, the state in PostgreSQL on this machine, against the state in a directory, where rows are recognised by their bytes',
    true,
    undefined,
  ),
];
