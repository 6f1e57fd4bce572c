import { personId } from '../data/people.js';
import type { Case, Side, World } from '../case.js';
import { peopleFile } from '../data/files.js';
import { jsonParse } from '../peers/json-parse.js';
import { instantClient } from '../support/instant-client.js';
import { copyState, usersState } from '../support/states.js';

const BATCH_ROWS = 200;
const SESSION_ROWS = 10_000;
const DIGEST = 'f'.repeat(16);

/** The rows of a full session, spread over the whole directory as changes are. */
function rowsInFlight(size: number) {
  const count = Math.min(SESSION_ROWS, size);
  const step = size / count;
  return Array.from({ length: count }, (_, i) => ({
    entity: 'users' as const,
    kind: 'upsert' as const,
    key: personId(Math.floor(i * step)),
    fingerprint: { digest: DIGEST, attributes: '' },
  }));
}

/** Opens a state that an earlier run left with a session in flight, settles it, and has the baseline ready to compare. */
const settling: Side = {
  name: 'rollcall',
  async load(world: World) {
    const product = await world.product();
    const { openState, pipe, upload } = product;
    const directory = copyState(await usersState(world), world);
    const before = await openState(directory);
    const id = await before.journal.creating(Date.now());
    await before.journal.created(id, 'session-in-flight');
    const rows = rowsInFlight(world.size);
    for (let at = 0; at < rows.length; at += BATCH_ROWS) {
      await before.journal.loading(id, rows.slice(at, at + BATCH_ROWS));
      await before.journal.loaded(id);
    }
    await before.journal.triggering(id);
    await before.journal.triggered(id, Date.now());
    await before.close();
    return async () => {
      const state = await openState(directory);
      try {
        await pipe(
          [],
          upload(
            instantClient(() => undefined),
            state,
          ),
        );
        const left = (await state.journal.open()).length;
        const reading = await state.read();
        // The first comparison loads the index.
        const [code] = await reading.compare('users', new Uint32Array(4).fill(0x66666666), () => personId(0));
        await reading.close();
        const { known } = (await state.counts()).users;
        return { counts: { held: known, inFlight: left, settledCode: code ?? -1 } };
      } finally {
        await state.close();
      }
    };
  },
};

/** The start of a run. */
export const settlingCases: readonly Case[] = [
  {
    name: 'settle-and-open',
    title:
      'opening a state, settling a full session in flight and loading the index, against only JSON.parse per line',
    target: { wall: 0.3, peakMb: 150 },
    async prepare(world) {
      peopleFile('first', 'jsonl', world.size);
      await usersState(world);
    },
    // 1: Okta was confirmed to hold exactly this, so the session in flight was settled as COMPLETED.
    truth: (size) => ({ held: size, inFlight: 0, settledCode: 1 }),
    rollcall: settling,
    peer: jsonParse('first'),
  },
];
