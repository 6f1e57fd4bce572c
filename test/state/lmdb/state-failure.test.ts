import { describe, expect, it } from 'vitest';
import { BusyError } from '../../../src/core/errors.js';
import { stateDamage, stateFailure } from '../../../src/state/lmdb/state-failure.js';

const errorOf = (cause: unknown) => stateFailure('the state cannot be written', '/var/state', cause);
const fromSystem = (values: object) => Object.assign(new Error('text'), values);

describe('a failure of the disk', () => {
  it.each([
    [
      'of Node, which names the path',
      fromSystem({ code: 'EACCES', errno: -13, path: '/var/state/x' }),
      '/var/state/x: EACCES (permission denied)',
    ],
    ['of Node without a path', fromSystem({ code: 'EIO', errno: -5 }), '/var/state: EIO (i/o error)'],
    [
      'of LMDB, which gives the number',
      fromSystem({ code: 28 }),
      '/var/state: ENOSPC (no space left on device)',
    ],
    [
      'of which Node has no name',
      fromSystem({ code: 'Unknown system error -122', errno: -122 }),
      '/var/state: EDQUOT',
    ],
    ['that LMDB gives without a name of Node', fromSystem({ code: 122 }), '/var/state: EDQUOT'],
    ['with a code alone', fromSystem({ code: 'EROFS' }), '/var/state: EROFS'],
    [
      'of LMDB with a code of its own',
      fromSystem({ code: -30791, message: 'MDB_BAD_DBI' }),
      '/var/state: MDB_BAD_DBI',
    ],
    ['without any code', new Error('text'), '/var/state: text'],
    ['that is no error', 'text', '/var/state: text'],
  ])('%s, names the path and the code', (_, cause, ending) => {
    const error = errorOf(cause);
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause });
    expect(error.message).toBe(`the state cannot be written: ${ending}`);
  });

  it('is damage where LMDB says that a page is not what it wrote, and only there', () => {
    for (const code of [-30797, -30796, -30793])
      expect(errorOf(fromSystem({ code }))).toMatchObject({
        code: 'ERR_ROLLCALL_STATE_CORRUPT',
        message: expect.stringContaining('/var/state') as string,
      });
    for (const code of ['EMFILE', 'EACCES', 'EIO', 'EROFS', 'ENOSPC', 5, 12, 24, -30790])
      expect(errorOf(fromSystem({ code })).code).toBe('ERR_ROLLCALL_STATE');
  });

  it('that is an error of rollcall already stays what it is', () => {
    const busy = new BusyError(1, 'host', new Date(0));
    expect(errorOf(busy)).toBe(busy);
  });
});

describe('damage', () => {
  it('names the state, what is wrong with it, and two ways to go on', () => {
    const { message } = stateDamage('/var/state', 'its file was cut off');
    expect(message).toMatch(/\/var\/state is damaged: its file was cut off.*state export.*--adopt/);
  });
});
