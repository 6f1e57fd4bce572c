import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateError } from '../../../src/core/errors.js';
import { WriteQueue } from '../../../src/state/lmdb/write-queue.js';

let directory: string;
let root: RootDatabase;
let table: Database<number, string>;
let check = vi.fn();
let queue: WriteQueue;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-queue-'));
  root = open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 4, overlappingSync: false });
  table = root.openDB<number, string>({ name: 'table' });
  check = vi.fn();
  queue = new WriteQueue(root, directory, check);
});
afterEach(async () => {
  await root.close();
  await rm(directory, { recursive: true });
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const settled = async (writes: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(writes)).map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message,
  );

describe('the queue of writes', () => {
  it('answers what a change answers, in the order in which they were asked for', async () => {
    const order: number[] = [];
    const writes = [1, 2, 3].map((n) =>
      queue.write('n', () => {
        // Each sees what those before it did.
        const sum = (table.get('sum') ?? 0) + n;
        table.putSync('sum', sum);
        return sum;
      }),
    );
    for (const [i, write] of writes.entries()) void write.then(() => order.push(i));
    expect(await Promise.all(writes)).toEqual([1, 3, 6]);
    expect(order).toEqual([0, 1, 2]);
    expect(table.get('sum')).toBe(6);
  });

  it('takes writes of one turn into one transaction, and of two turns into two', async () => {
    const transactions = vi.spyOn(root, 'transactionSync');
    const write = (key: string) => queue.write(key, () => table.putSync(key, 1));
    await Promise.all([write('a'), write('b'), write('c')]);
    expect([transactions.mock.calls.length, check.mock.calls.length]).toEqual([1, 1]);
    const first = write('d');
    await turn();
    await Promise.all([first, write('e')]);
    expect([transactions.mock.calls.length, check.mock.calls.length]).toEqual([3, 3]);
  });

  it('keeps nothing of a change that throws, and all of those beside it', async () => {
    const put = (key: string) => () => table.putSync(key, 1);
    const half = () => {
      table.putSync('half', 1);
      throw new StateError('no');
    };
    const other = () => {
      table.putSync('other half', 1);
      throw new TypeError('a fault');
    };
    const writes = [
      queue.write('1', put('before')),
      queue.write('2', half),
      queue.write('3', put('between')),
      queue.write('4', other),
      queue.write('5', put('after')),
    ];
    expect(await settled(writes)).toEqual([
      true,
      'no',
      true,
      expect.stringMatching(/could not be written \(4\).*a fault/),
      true,
    ]);
    expect([...table.getKeys()]).toEqual(['after', 'before', 'between']);
  });

  it('fails all of a transaction that cannot be committed, and goes on with the next', async () => {
    const transactionSync = root.transactionSync.bind(root);
    const power = new Error('power');
    vi.spyOn(root, 'transactionSync').mockImplementationOnce((action) =>
      transactionSync(() => {
        action();
        throw power;
      }),
    );
    const put = (key: string) => queue.write(key, () => table.putSync(key, 1));
    const failed = [put('a'), put('b')];
    for (const write of failed)
      await expect(write).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause: power });
    await put('c');
    expect([...table.getKeys()]).toEqual(['c']);
  });

  it('changes nothing where the place of the writer is lost', async () => {
    check.mockImplementation(() => {
      throw new StateError('lost', { code: 'ERR_ROLLCALL_STATE_LOST' });
    });
    const change = vi.fn();
    const writes = [queue.write('1', change), queue.write('2', change)];
    expect(await settled(writes)).toEqual(['lost', 'lost']);
    expect(change).not.toHaveBeenCalled();
  });

  it('writes at once when it is flushed, and then not again', async () => {
    const transactions = vi.spyOn(root, 'transactionSync');
    queue.flush();
    const write = queue.write('a', () => table.putSync('a', 1));
    queue.flush();
    expect(table.get('a')).toBe(1);
    await write;
    await turn();
    expect(transactions).toHaveBeenCalledTimes(1);
  });

  it('does not wait for what a change answers', async () => {
    const never = new Promise<never>(() => undefined);
    const answered = { then: undefined, never };
    expect(await queue.write('a', () => answered)).toBe(answered);
  });
});
