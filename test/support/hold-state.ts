import { openState } from '../../src/state/lmdb/open-state.js';

/** Opens the state of its argument, confirms a row, says so, and holds the state until it is killed. */
const state = await openState(process.argv[2] as string);
await state.adopt([{ entity: 'users', kind: 'upsert', key: 'u', fingerprint: 'f'.repeat(16) }]);
console.log('held');
setInterval(() => undefined, 1_000_000);
