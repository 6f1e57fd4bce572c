import { openState } from '../../src/state/lmdb/open-state.js';
import { confirmed } from './rows.js';

/** Opens the state of its argument, confirms a row, says so, and holds the state until it is killed. */
const state = await openState(process.argv[2] as string);
await state.adopt([confirmed('users', 'u')]);
console.log('held');
setInterval(() => undefined, 1_000_000);
