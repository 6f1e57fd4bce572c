import { describe, expect, it } from 'vitest';
import type { Change, UserRecord } from '../../src/core/model.js';
import type { Rejection } from '../../src/core/rejection.js';
import { diff, type DiffOptions } from '../../src/diff/diff.js';
import { diffCountsOf } from '../../src/diff/diff-counts.js';
import { withPlaces } from '../../src/flow/chunk.js';
import { contextOf, flowOf } from '../../src/flow/flow.js';
import { pipe } from '../../src/flow/pipe.js';
import { RunContext } from '../../src/flow/run-context.js';
import { validate } from '../../src/validate/validate.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { AttributeFingerprints } from '../../src/fingerprints/attribute-fingerprints.js';
import { createDigester } from '../../src/fingerprints/digests.js';
import { adopted, deleted, unknown, upserted } from '../support/rows.js';
import { withState } from '../support/two-ways.js';

const user = (externalId: string, userName: string, firstName = 'x'): UserRecord => ({
  externalId,
  profile: { userName, firstName, email: 'all@x.example' },
});

async function hold(state: StateStore, users: readonly UserRecord[]): Promise<void> {
  for await (const chunk of pipe(users, validate('users'), diff('users', state)).chunks())
    await state.adopt(chunk.map(adopted));
}

/** Sends users in a session of which nobody knows the outcome. */
async function sentInVain(state: StateStore, users: readonly UserRecord[]): Promise<void> {
  const { attributes, digests } = fingerprintsOf(state);
  const id = await state.journal.creating(0);
  const rows = users.map((record) => {
    const fingerprint = {
      digest: digests.of('users', record),
      attributes: attributes.ofUser(record.profile),
    };
    return upserted('users', record.externalId, fingerprint);
  });
  await state.journal.loading(id, rows);
  await state.journal.settle(id, 'unknown');
}

function fingerprintsOf({ fingerprintKey }: StateStore) {
  return { attributes: new AttributeFingerprints(fingerprintKey), digests: createDigester(fingerprintKey) };
}

/** The changes of a read in order (`>` marks dependent ones), its rejections, and whether its counts add up. */
async function changesOf(state: StateStore, users: readonly unknown[], options: DiffOptions = {}) {
  const context = new RunContext();
  const rejections: Rejection[] = [];
  context.onReject((rejection) => rejections.push(rejection));
  async function* chunks() {
    const lines = users.map((_, i) => i + 2);
    yield withPlaces(users as UserRecord[], { file: 'people.csv', lines });
  }
  const flow = pipe(
    flowOf(chunks, context),
    validate('users', options.mode === undefined ? {} : { mode: options.mode }),
    diff('users', state, options),
  );
  const changes: Change[] = [];
  for await (const chunk of flow.chunks()) changes.push(...chunk);
  const { read = 0, unchanged = 0, creates = 0, updates = 0 } = diffCountsOf(contextOf(flow), 'users') ?? {};
  const { accepted, rejected } = contextOf(flow).counts('users');
  const upserts = changes.filter(({ kind }) => kind === 'upsert').length;
  expect(creates + updates).toBe(upserts);
  if (options.mode === undefined)
    expect({ read, accepted }).toEqual({
      read:
        unchanged +
        upserts +
        contextOf(flow).rejections.filter(({ code }) => code === 'DUPLICATE_LOGIN').length,
      accepted: users.length - rejected,
    });
  return {
    changes: changes.map(
      ({ kind, key, dependent }) => `${dependent ? '>' : ''}${kind === 'delete' ? '-' : '+'}${key}`,
    ),
    rejected: rejections.map(({ externalId, field, code, reason, line }) =>
      code === 'DUPLICATE_LOGIN' ? `${externalId} line ${line}: ${field} ${reason}` : code,
    ),
  };
}

const inBothStates = (name: string, test: (state: StateStore) => Promise<void>) => {
  it(`${name}, in memory`, () => test(memoryState()));
  it(`${name}, on disk`, () => withState(test));
};

describe('two records with one login', () => {
  inBothStates('are the first and a rejected one, in upper or lower case', async (state) => {
    expect(
      await changesOf(state, [user('1', 'ann'), user('2', 'bob'), user('3', 'ANN'), user('4', 'ann')]),
    ).toEqual({
      changes: ['+1', '+2'],
      rejected: [
        '3 line 4: userName is that of an earlier record of this source (people.csv, line 2)',
        '4 line 5: userName is that of an earlier record of this source (people.csv, line 2)',
      ],
    });
  });

  inBothStates('are found where both are in Okta and get it in this read', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    expect(await changesOf(state, [user('1', 'cho'), user('2', 'cho')])).toEqual({
      changes: ['+1'],
      rejected: ['2 line 3: userName is that of an earlier record of this source (people.csv, line 2)'],
    });
  });

  inBothStates('are found where one is in Okta and keeps it, whatever their order', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    for (const ann of [user('1', 'ann'), user('1', 'ANN'), user('1', 'ann', 'Ann')])
      for (const users of [
        [user('3', 'Ann'), ann, user('2', 'bob')],
        [ann, user('3', 'Ann'), user('2', 'bob')],
        [ann, user('2', 'ann')],
      ]) {
        const { changes, rejected } = await changesOf(state, users);
        expect(changes).toEqual(
          ann.profile.userName === 'ann' && ann.profile.firstName === 'x' ? [] : ['+1'],
        );
        expect(rejected).toHaveLength(1);
        expect(rejected[0]).toContain('userName is in use by user 1');
      }
  });

  inBothStates('are found where a row is unknown that may have it', async (state) => {
    await hold(state, [user('1', 'ann')]);
    await state.adopt([unknown('users', '1')]);
    expect(await changesOf(state, [user('2', 'ann'), user('1', 'ann')])).toEqual({
      changes: ['+1'],
      rejected: ['2 line 2: userName is in use by user 1'],
    });
  });
});

describe('a login that moves to another user', () => {
  inBothStates(
    'is sent after its holder, who is removed or gets another, whatever their order',
    async (state) => {
      await hold(state, [user('1', 'ann'), user('2', 'bob'), user('3', 'cho')]);
      expect(await changesOf(state, [user('4', 'Ann'), user('2', 'bob'), user('3', 'cho')])).toEqual({
        changes: ['-1', '>+4'],
        rejected: [],
      });
      expect(await changesOf(state, [user('2', 'ann'), user('3', 'cho')])).toEqual({
        changes: ['-1', '>+2'],
        rejected: [],
      });
      for (const users of [
        [user('4', 'ann'), user('1', 'new'), user('2', 'bob'), user('3', 'cho')],
        [user('1', 'new'), user('4', 'ann'), user('2', 'bob'), user('3', 'cho')],
      ])
        expect(await changesOf(state, users)).toEqual({ changes: ['+1', '>+4'], rejected: [] });
    },
  );

  inBothStates('is sent after a holder whose row is unknown', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    await state.adopt([unknown('users', '1')]);
    expect(await changesOf(state, [user('3', 'ann'), user('2', 'bob')])).toEqual({
      changes: ['-1', '>+3'],
      rejected: [],
    });
    expect(await changesOf(state, [user('3', 'ann'), user('1', 'new'), user('2', 'bob')])).toEqual({
      changes: ['+1', '>+3'],
      rejected: [],
    });
    const id = await state.journal.creating(0);
    await state.journal.loading(id, [deleted('users', '2')]);
    await state.journal.settle(id, 'unknown');
    expect((await changesOf(state, [user('3', 'bob')])).changes).toEqual(['-1', '-2', '>+3']);
  });

  inBothStates('waits for each user who may have it, where several rows are unknown', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob'), user('3', 'cho')]);
    // 1 may have "ann" or "new", 2 "bob" or "ann".
    await sentInVain(state, [user('1', 'new')]);
    await sentInVain(state, [user('2', 'ann')]);
    const cho = user('3', 'cho');
    // 2 waits for 1, who is sent again, although 2 may have it already.
    expect(await changesOf(state, [user('2', 'ann'), user('1', 'new'), cho])).toEqual({
      changes: ['+1', '>+2'],
      rejected: [],
    });
    expect(await changesOf(state, [user('2', 'ann'), cho])).toEqual({ changes: ['-1', '>+2'], rejected: [] });
    // A new user waits for both.
    expect(await changesOf(state, [user('4', 'ann'), user('2', 'x'), cho])).toEqual({
      changes: ['+2', '-1', '>+4'],
      rejected: [],
    });
    for (const [others, holder] of [
      [[user('1', 'y'), user('2', 'ann')], '2, who waits for the userName of another user'],
      [[user('1', 'ann'), user('2', 'x')], '1, who waits for the userName of another user'],
      [[user('1', 'new'), user('2', 'x')], '1'],
    ] as const)
      expect((await changesOf(state, [user('4', 'ann'), ...others, cho])).rejected).toEqual([
        `4 line 2: userName is in use by user ${holder}`,
      ]);
  });

  inBothStates('is not kept for ever from a user who may have it already', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    await sentInVain(state, [user('1', 'bob')]);
    await sentInVain(state, [user('2', 'ann')]);
    // Each may have either login, so each waits for the other. Only Okta knows.
    expect(await changesOf(state, [user('1', 'bob'), user('2', 'ann')])).toEqual({
      changes: ['>+1', '>+2'],
      rejected: [],
    });
    // It is certain that 2 has it.
    await hold(state, [user('2', 'bob')]);
    expect((await changesOf(state, [user('1', 'bob'), user('2', 'bob')])).rejected).toEqual([
      '1 line 2: userName is in use by user 2',
    ]);
  });

  inBothStates('is refused while its holder is not removed', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    const rejected = ['3 line 2: userName is in use by user 1'];
    const open = [user('3', 'ann'), user('2', 'bob')];
    expect(await changesOf(state, open, { absence: { protect: { ids: ['1'] } } })).toEqual({
      changes: [],
      rejected,
    });
    expect(await changesOf(state, open, { absence: { reads: 2 } })).toEqual({ changes: [], rejected });
    const unidentified = await changesOf(state, [...open, { externalId: '', profile: { userName: 'y' } }]);
    expect(unidentified.changes).toEqual([]);
    expect(unidentified.rejected).toContain(rejected[0]);
    const refused = await changesOf(state, [user('3', 'ann'), user('2', 'bob'), user('1', '')]);
    expect(refused.changes).toEqual([]);
    expect(refused.rejected).toContain(rejected[0]);
  });

  inBothStates('in a feed of changes is sent if the feed removes or changes its holder', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    const gone = { externalId: '1', deleted: true };
    const feed = { mode: 'delta' } as const;
    for (const records of [
      [user('3', 'ann'), gone],
      [gone, user('3', 'ann')],
    ])
      expect(await changesOf(state, records, feed)).toEqual({ changes: ['-1', '>+3'], rejected: [] });
    expect(await changesOf(state, [user('3', 'ann'), user('1', 'new')], feed)).toEqual({
      changes: ['+1', '>+3'],
      rejected: [],
    });
    expect(await changesOf(state, [user('3', 'ann')], feed)).toEqual({
      changes: [],
      rejected: ['3 line 2: userName is in use by user 1'],
    });
  });

  inBothStates('waits for the next run if its holder waits too', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob'), user('3', 'cho')]);
    const chain = [user('1', 'bob'), user('2', 'cho'), user('3', 'new')];
    expect(await changesOf(state, chain)).toEqual({
      changes: ['+3', '>+2'],
      rejected: ['1 line 2: userName is in use by user 2, who waits for the userName of another user'],
    });
    await hold(state, chain);
    expect(await changesOf(state, chain)).toEqual({ changes: ['+1'], rejected: [] });
  });

  inBothStates('is refused to both of two people who exchange theirs', async (state) => {
    await hold(state, [user('1', 'ann'), user('2', 'bob')]);
    expect(await changesOf(state, [user('1', 'bob'), user('2', 'ann')])).toEqual({
      changes: [],
      rejected: [
        '1 line 2: userName is in use by user 2, who waits for the userName of another user',
        '2 line 3: userName is in use by user 1, who waits for the userName of another user',
      ],
    });
  });

  inBothStates('is free for many at once, more than stay in memory', async (state) => {
    const staff = (prefix: string) =>
      Array.from({ length: 12_000 }, (_, i) => user(`${prefix}${i}`, `u${i}`, 'x'.repeat(50)));
    await hold(state, staff('old'));
    const { changes, rejected } = await changesOf(state, staff('new'));
    expect(rejected).toEqual([]);
    expect(changes.slice(0, 12_000).every((change) => change.startsWith('-old'))).toBe(true);
    expect(new Set(changes.slice(12_000))).toEqual(new Set(staff('new').map((one) => `>+${one.externalId}`)));
  });
});
