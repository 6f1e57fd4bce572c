import { RollcallError } from '../../src/core/errors.js';
import { confirmed as row } from './rows.js';
import { openState } from '../../src/state/lmdb/open-state.js';

/** Writes to the state in the directory of its argument until a write fails. Prints the code of the error and the number of rows. */
const state = await openState(process.argv[2] as string);
let confirmed = 0;
let code = 'none';
for (let round = 0; round < 200; round++) {
  const rows = Array.from({ length: 500 }, (_, i) => row('users', `fill${round}-${i}`));
  try {
    await state.adopt(rows);
    confirmed += rows.length;
  } catch (error) {
    code = error instanceof RollcallError ? error.code : String(error);
    break;
  }
}
console.log(JSON.stringify({ code, confirmed }));
process.exit(0);
