import type { Case, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import { peopleFile } from '../data/files.js';
import { noPostgres } from '../peers/postgres.js';
import { peopleOf, send, syncUsers, userChanges } from '../support/pipeline.js';
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

/** The same, with every record looked up by its key in the calls of a chunk, instead of one comparison of all. */
const byKey: Side = {
  name: 'looked up by key',
  async load(world: World) {
    const product = await world.product();
    const address = await copyPostgresState(world);
    const file = peopleFile('second', 'csv', world.size);
    return async () => {
      const state = await product.openState(address);
      const read = state.read.bind(state);
      // The changes of `diff` come from `compare` if a reading has no comparison of all.
      state.read = async () => Object.assign(await read(), { compareAll: undefined });
      try {
        return await send(product, userChanges(product, peopleOf(product, file), state), state, world.check);
      } finally {
        await state.close();
      }
    };
  },
};

/** The same day with the state in each store. */
export const stateStoreCases: readonly Case[] = [
  {
    ...stateCase(
      'state-postgres-by-key',
      '1 % changed, CSV, the state in PostgreSQL: one comparison of all records, against looking each of them up by its key',
      false,
      undefined,
    ),
    peer: byKey,
  },
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
