import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { openState } from '../../src/state/lmdb/open-state.js';
import { ROUNDS, rowsOfRound } from './rounds.js';

/**
 * Commits round after round to the state of its first argument, telling each that was confirmed, and opens the state anew for
 * each. At the step whose number is the second argument it dies. Steps are the rows that are encoded, which happens inside
 * transactions, and the calls to the file system by which a cache is written; a write dies half-way through.
 */
const [directory, diesAt] = [process.argv[2] as string, Number(process.argv[3])];
let steps = 0;

/** True when the process dies now. */
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
