import { describe, expect, it } from 'vitest';
import { compiled } from '../support/compiled.js';
import { faultOnce, hasStrace, nameOf, type Fault } from './fault-once.js';

const once = (call: string, error: string, when: number): Fault => ({ call, error, when, forever: false });
const from = (call: string, error: string, when: number): Fault => ({ call, error, when, forever: true });

/** The short form: a few faults of each kind. The long form is `npm run test:disk`. */
const FILES_THAT_MAY_NOT_GROW: readonly Fault[] = [{ fileBlocks: 4 }, { fileBlocks: 8 }, { fileBlocks: 40 }];
const CALLS_THAT_FAIL: readonly Fault[] = [
  once('pwrite64', 'EIO', 9),
  from('pwrite64', 'EDQUOT', 2),
  once('writev', 'ENOSPC', 3),
  once('fdatasync', 'EIO', 7),
  once('fsync', 'EIO', 2),
];

describe.concurrent('a disk that fails', () => {
  const program = compiled('test/disk/sync-once.ts');
  const faults = [...FILES_THAT_MAY_NOT_GROW, ...(hasStrace() ? CALLS_THAT_FAIL : [])];
  if (!hasStrace()) console.log('strace is not installed: calls that fail are not tried');

  for (const fault of faults)
    it(`${nameOf(fault)}: the run ends by itself with the cause, and the next goes on`, async () => {
      const { faults, noticed } = await faultOnce(program, fault);
      expect(faults).toEqual([]);
      expect(noticed).toBe(true);
    });
});
