import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { openState } from '../../src/state/lmdb/open-state.js';
import { ROUNDS, rowsOfRound } from './rounds.js';

/**
 * Commits round after round to the state of its first argument, telling each that was confirmed. At the call to the
 * file system whose number is the second argument it dies, half-way through where that is a write.
 */
const [directory, diesAt] = [process.argv[2] as string, Number(process.argv[3])];
let calls = 0;

/** True when the process dies now. */
const isLast = () => ++calls === diesAt;
const die = () => process.kill(process.pid, 'SIGKILL');

const { writeSync, openSync, fdatasyncSync, fsyncSync } = fs;
const { unlink } = fs.promises;
fs.writeSync = ((file: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
  if (!isLast()) return writeSync(file, bytes, offset, length, position);
  writeSync(file, bytes, offset, length >> 1, position);
  die();
  return 0;
}) as typeof writeSync;
const dyingBefore = <A extends readonly unknown[], R>(call: (...values: A) => R) =>
  function (...values: A): R {
    if (isLast()) die();
    return call(...values);
  };
fs.openSync = dyingBefore(openSync);
fs.fdatasyncSync = dyingBefore(fdatasyncSync);
fs.fsyncSync = dyingBefore(fsyncSync);
fs.promises.unlink = dyingBefore(unlink);
syncBuiltinESMExports();

const state = await openState(directory);
for (let round = 0; round < ROUNDS; round++) {
  await state.adopt(rowsOfRound(round));
  writeSync(1, `${round}\n`);
}
await state.close();
writeSync(1, `calls ${calls}\n`);
