import { describe, expect, it } from 'vitest';
import * as rollcall from '../../src/index.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, makeOrg } from '../support/world.js';

/** Calls a function of the main entry without types, as programs in JavaScript do. */
const call = (name: keyof typeof rollcall, ...args: unknown[]): unknown =>
  (rollcall[name] as unknown as (...args: unknown[]) => unknown)(...args);

const state = memoryState();
const okta = clientOf(makeOrg());
const profile = { userName: 'a@example.com', email: 'a@example.com', firstName: 'A', lastName: 'B' };

describe('a mistake in plain JavaScript is named', () => {
  it.each<[string, () => unknown, string]>([
    [
      'diff without a state',
      () => call('diff', 'users'),
      'state: expected a state, such as that of openState()',
    ],
    [
      'a state that was not awaited',
      () => call('guard', Promise.resolve(state)),
      'got a promise; write await before it',
    ],
    ['guard with options only', () => call('guard', { maxDeletes: 1 }), 'state: expected a state'],
    ['upload with its arguments exchanged', () => call('upload', state, okta), 'okta: expected a client'],
    ['upload without a state', () => call('upload', okta), 'state: expected a state'],
    [
      'a path in place of rows',
      () => call('pipe', 'people.csv', call('validate', 'users')),
      'expected rows, got text; use fromCsv',
    ],
    [
      'rows that were not awaited',
      () => call('pipe', Promise.resolve([]), call('validate', 'users')),
      'got a promise; write await',
    ],
    [
      'text in place of a path',
      () => call('fromCsv', 'id,name\n1,Anna\n'),
      'got text of several lines; pass text as an array',
    ],
  ])('%s', (_, mistake, message) => {
    expect(mistake).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS' }) as Error);
    expect(mistake).toThrow(message);
    expect(mistake).not.toThrow('Anna');
  });

  it('a number as id, in the report of upload; an attribute that is undefined is left out', async () => {
    const org = makeOrg();
    const own = memoryState();
    const client = clientOf(org);
    const rows = [
      { externalId: 12, profile },
      { externalId: '13', profile: { ...profile, title: undefined } },
    ];
    const report = await inVirtualTime(
      () =>
        call(
          'pipe',
          rows,
          call('validate', 'users'),
          call('diff', 'users', own),
          call('guard', own, { maxRejectPercent: 100 }),
          call('batch'),
          call('upload', client, own),
        ) as Promise<rollcall.UploadReport>,
    );
    expect(report.confirmed.users.creates).toBe(1);
    expect(report.rejections).toMatchObject([
      {
        externalId: undefined,
        field: 'externalId',
        code: 'NO_EXTERNAL_ID',
        reason: expect.stringContaining('is a number; convert it to text') as string,
      },
    ]);
    expect(org.requests.some(({ body }) => body?.includes('title'))).toBe(false);
  });
});
