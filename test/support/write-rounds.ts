import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { openState } from '../../src/state/lmdb/open-state.js';
import { ROUNDS, rowsOfRound } from './rounds.js';

/**
 * Commits rounds of rows to the state in the directory of its first argument. It opens the state again for each round, and prints
 * each confirmed round. At the step with the number of its second argument, it kills itself. A step is the encoding of a row,
 * which happens inside a transaction, or a call of the file system that writes a cache; a write is then done only by half.
 */
const [directory, diesAt] = [process.argv[2] as string, Number(process.argv[3])];
let steps = 0;

/** True if the process must kill itself at this step. */
const isLast = () => ++steps === diesAt;
const die = () => process.kill(process.pid, 'SIGKILL');

const { writeSync } = fs;
const allocUnsafe = Buffer.allocUnsafe.bind(Buffer);
fs.writeSync = ((file: number, bytes: Uint8Array, offset: number) => {
  if (!isLast()) return writeSync(file, bytes, offset);
  writeSync(file, bytes, offset, bytes.length >> 1);
  die();
  return 0;
}) as typeof writeSync;
const dyingBefore = <A extends readonly unknown[], R>(call: (...values: A) => R) =>
  function (...values: A): R {
    if (isLast()) die();
    return call(...values);
  };
fs.openSync = dyingBefore(fs.openSync);
fs.closeSync = dyingBefore(fs.closeSync);
fs.renameSync = dyingBefore(fs.renameSync);
Buffer.allocUnsafe = dyingBefore((size: number) => allocUnsafe(size));
syncBuiltinESMExports();

for (let round = 0; round < ROUNDS; round++) {
  const state = await openState(directory);
  await state.adopt(rowsOfRound(round));
  writeSync(1, `${round} ${steps}\n`);
  await state.close();
}
writeSync(1, `steps ${steps}\n`);
