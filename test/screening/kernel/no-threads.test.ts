import { describe, expect, it, vi } from 'vitest';
import { DigestTable } from '../../../src/fingerprints/digest-table.js';
import { createBlockScreen } from '../../../src/screening/kernel/block-screen.js';

let started = 0;
// A stand-in: how many threads a machine or Node's permission model gives cannot be set from inside.
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  return {
    ...real,
    Worker: class extends real.Worker {
      constructor(...args: ConstructorParameters<typeof real.Worker>) {
        if (started === most) throw new Error('Access to this API has been restricted');
        started++;
        super(...args);
      }
    },
  };
});
let most = 0;

const text = Array.from({ length: 900 }, (_, i) => `${i},name ${i}`).join('\n');

/** How many rows a block has, by a screen that is to have two threads. */
async function rowsOfBlock(): Promise<number> {
  const shape = {
    format: 'csv',
    columns: ['id', 'name'],
    delimiter: ',',
    maxRecordLength: Infinity,
    mapping: { kind: 'membership', group: 'id', member: 'name' },
    rules: { limits: new Map(), required: [] },
  } as const;
  const table = new DigestTable(0);
  const options = { entity: 'memberships', key: '0'.repeat(32), digests: () => table } as const;
  const screen = createBlockScreen(options, shape, 2);
  if (screen === undefined) throw new Error('these rows cannot be screened');
  screen.buffers[0]?.write(text);
  const { count } = await screen.begin(0, text.length, true)(1);
  await screen.close();
  return count;
}

describe('a screen', () => {
  it.each([0, 1, 2])('does with %i threads where two were asked for', async (had) => {
    started = 0;
    most = had;
    expect(await rowsOfBlock()).toBe(900);
    expect(started).toBe(had);
  });
});
