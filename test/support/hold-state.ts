import { openState } from '../../src/state/lmdb/open-state.js';
import { confirmed } from './rows.js';

/** Opens the state in the directory of its argument, commits a row, prints a line, and keeps the state open until it is killed. */
const state = await openState(process.argv[2] as string);
await state.adopt([confirmed('users', 'u')]);
console.log('held');
setInterval(() => undefined, 1_000_000);
