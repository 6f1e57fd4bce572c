import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unguarded } from '../../src/guard/guard.js';
import { contextOf } from '../../src/flow/flow.js';
import { LIMITS } from '../../src/core/limits.js';
import type { Entity, UserRecord } from '../../src/core/model.js';
import { batch } from '../../src/batch/batch.js';
import { diff } from '../../src/diff/diff.js';
import { validate } from '../../src/validate/validate.js';
import type { ValidateOptions } from '../../src/validate/validate-options.js';
import { pipe } from '../../src/flow/pipe.js';
import type { Rejection } from '../../src/core/rejection.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { toUser } from '../../src/transform/to-records.js';
import { map } from '../../src/transform/map.js';

async function check(
  entity: Entity,
  record: unknown,
  options?: ValidateOptions,
): Promise<{ accepted: unknown[]; rejected: readonly Rejection[] }> {
  const flow = pipe([record] as UserRecord[], validate(entity as 'users', options));
  const accepted: unknown[] = [];
  for await (const good of flow) accepted.push(good);
  return { accepted, rejected: contextOf(flow).rejections };
}

const good = { userName: 'ann@x.example', email: 'ann@x.example' };
const withProfile = (profile: object) => ({ externalId: '1', profile: { ...good, ...profile } });
const codeOf = async (entity: Entity, record: unknown, options?: ValidateOptions) =>
  (await check(entity, record, options)).rejected[0]?.code;

describe('validate', () => {
  const attributes = Object.entries(LIMITS.userProfile);
  for (const [name, { min, max, nullable }] of attributes) {
    it(`holds the limits of ${name}`, async () => {
      const text = (length: number) =>
        name === 'email' ? `a@${'x'.repeat(Math.max(0, length - 2))}`.slice(0, length) : 'x'.repeat(length);
      expect(await codeOf('users', withProfile({ [name]: text(max) }))).toBeUndefined();
      expect(await codeOf('users', withProfile({ [name]: text(max + 1) }))).toBe('TOO_LONG');
      if (min > 0) expect(await codeOf('users', withProfile({ [name]: text(min - 1) }))).toBe('TOO_SHORT');
      expect(await codeOf('users', withProfile({ [name]: null }))).toBe(
        nullable ? undefined : 'NULL_NOT_ALLOWED',
      );
    });
  }

  it('takes strings only, unless it is told to coerce', async () => {
    for (const value of [1, true, {}, [], ['a']])
      expect(await codeOf('users', withProfile({ title: value }))).toBe('NOT_A_STRING');
    expect(
      (await check('users', withProfile({ title: 7, manager: false }), { coerce: true })).accepted,
    ).toEqual([withProfile({ title: '7', manager: 'false' })]);
    expect(await codeOf('users', withProfile({ title: 7 }), { coerce: { booleans: true } })).toBe(
      'NOT_A_STRING',
    );
    expect(await codeOf('users', withProfile({ title: Number.NaN }), { coerce: true })).toBe('NOT_A_STRING');
  });

  it('refuses what Okta does not take as text, or replaces it when told to', async () => {
    expect(await codeOf('users', withProfile({ title: 'a🦜' }))).toBe('UNSUPPORTED_CHARACTER');
    expect(await codeOf('users', withProfile({ title: 'a\ud800b' }))).toBe('MALFORMED_TEXT');
    expect(await codeOf('users', { externalId: '🦜', profile: good })).toBe('UNSUPPORTED_CHARACTER');
    expect(await codeOf('users', withProfile({ '🦜': 'x' }))).toBe('UNSUPPORTED_CHARACTER');
    const { accepted } = await check('users', withProfile({ title: 'a🦜b\udc00' }), {
      unsupportedCharacters: { replaceWith: '?' },
    });
    expect(accepted).toEqual([withProfile({ title: 'a?b?' })]);
    expect(await codeOf('users', withProfile({ title: '汉字 ä é ﷺ \uffff' }))).toBeUndefined();
    expect(() => validate('users', { unsupportedCharacters: { replaceWith: '🦜' } })).toThrow(/replaceWith/);
  });

  it('wants a profile, userName and email', async () => {
    expect(await codeOf('users', { externalId: '1' })).toBe('NO_PROFILE');
    expect(await codeOf('users', { externalId: '1', profile: [] })).toBe('NO_PROFILE');
    expect(await codeOf('users', { externalId: '1', profile: {} })).toBe('EMPTY_PROFILE');
    expect(await codeOf('users', { externalId: '1', profile: { userName: 'a' } })).toBe('REQUIRED');
    expect(
      await codeOf('users', { externalId: '1', profile: { title: 'a' } }, { required: [] }),
    ).toBeUndefined();
    expect(await codeOf('groups', { externalId: '1', profile: { description: 'a' } })).toBe('REQUIRED');
    expect(await codeOf('groups', { externalId: '1', profile: { displayName: 'a', other: 'b' } })).toBe(
      'UNKNOWN_ATTRIBUTE',
    );
  });

  it('a record without an id cannot be identified', async () => {
    for (const record of [null, 7, 'x', {}, { externalId: '' }, { externalId: 5, profile: good }]) {
      expect((await check('users', record)).rejected[0]?.externalId).toBeUndefined();
    }
    expect((await check('memberships', { groupExternalId: 'g' })).rejected[0]).toMatchObject({
      externalId: undefined,
      code: 'NO_EXTERNAL_ID',
      field: 'memberExternalId',
    });
  });

  it('holds the lengths of ids', async () => {
    for (const [entity, most] of [
      ['users', 512],
      ['groups', 255],
    ] as const) {
      const record = (length: number) => ({
        externalId: 'x'.repeat(length),
        profile: entity === 'users' ? good : { displayName: 'g' },
      });
      expect(await codeOf(entity, record(most))).toBeUndefined();
      expect(await codeOf(entity, record(most + 1))).toBe('TOO_LONG');
    }
    const pair = (group: number, member: number) => ({
      groupExternalId: 'g'.repeat(group),
      memberExternalId: 'm'.repeat(member),
    });
    expect(await codeOf('memberships', pair(255, 255))).toBeUndefined();
    expect(await codeOf('memberships', pair(256, 1))).toBe('TOO_LONG');
    expect(await codeOf('memberships', pair(1, 256))).toBe('TOO_LONG');
  });

  it('a record that can never fit in a request is rejected, and blocks nothing', async () => {
    const records = ['x'.repeat(200_000), 'x'].map((note, i) => ({
      externalId: `u${i}`,
      profile: { ...good, note },
    }));
    const passed: string[] = [];
    for await (const { changes } of pipe(
      records,
      validate('users'),
      diff('users', memoryState()),
      unguarded(),
      batch(),
    ))
      passed.push(...changes.map(({ key }) => key));
    expect(passed).toEqual(['u1']);
    expect(await codeOf('users', withProfile({ note: 'x'.repeat(200_000) }))).toBe('TOO_LARGE');
    expect(await codeOf('users', withProfile({ note: '"'.repeat(100_000) }))).toBe('TOO_LARGE');
    expect(await codeOf('users', withProfile({ note: 'x'.repeat(190_000) }))).toBeUndefined();
  });

  it('__proto__ is an attribute that is refused, and sets nothing', async () => {
    const record = JSON.parse(
      '{"externalId":"1","profile":{"__proto__":{"email":"a@b.cd"},"userName":"a"}}',
    ) as unknown;
    expect(await codeOf('users', record)).toBe('UNSUPPORTED_ATTRIBUTE');
    const inherited = Object.create({ userName: 'a', email: 'a@b.cd' }) as object;
    expect(
      await codeOf('users', { externalId: '1', profile: Object.assign(inherited, { title: 'x' }) }),
    ).toBe('REQUIRED');
    const csv = fromCsv(['externalId,userName,email,__proto__\n1,a,a@b.cd,x\n']);
    await expect(
      (async () => {
        for await (const _ of csv) expect.fail('the header should be refused');
      })(),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SOURCE' });
  });

  it('a rejection names place and field, and never a value', async () => {
    const csv = fromCsv([
      'externalId,userName,email,note\n1,a,a@b.cd,\n2,b,"secret, without at","x\ny"\n3,c,c@d.ef,\n',
    ]);
    const flow = pipe(csv, map(toUser), validate('users'));
    const ids: string[] = [];
    for await (const { externalId } of flow) ids.push(externalId);
    expect(ids).toEqual(['1', '3']);
    const [rejection] = contextOf(flow).rejections;
    expect(rejection).toMatchObject({
      entity: 'users',
      externalId: '2',
      line: 3,
      position: 2,
      field: 'email',
      code: 'NOT_AN_EMAIL',
    });
    expect(JSON.stringify(rejection)).not.toContain('secret');
  });

  it('good records pass as they are; every record is accepted or rejected, and onReject hears of each', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.constant(withProfile({})),
            fc.anything(),
            fc.record({ externalId: fc.string(), profile: fc.object() }),
          ),
        ),
        async (records) => {
          const heard: Rejection[] = [];
          const flow = pipe(records as UserRecord[], validate('users', { onReject: (r) => heard.push(r) }));
          const accepted: unknown[] = [];
          for await (const record of flow) accepted.push(record);
          for (const record of accepted) expect(records).toContain(record);
          const { read, accepted: count, rejected } = contextOf(flow).counts('users');
          expect([read, count, rejected]).toEqual([records.length, accepted.length, heard.length]);
          expect(accepted.length + heard.length).toBe(records.length);
        },
      ),
    );
  });

  it('all rejected records are counted and reported, and a limited number is stored for the report', async () => {
    const records = Array.from({ length: 5000 }, (_, i) => ({ externalId: `u${i}`, profile: {} }));
    let told = 0;
    const flow = pipe(records, validate('users', { onReject: () => told++ }));
    for await (const _ of flow) expect.fail('none should pass');
    const context = contextOf(flow);
    expect([told, context.counts('users').rejected, context.rejections.length]).toEqual([5000, 5000, 1000]);
  });

  it('refuses options it does not know', () => {
    expect(() => validate('users', { require: [] } as ValidateOptions)).toThrow(/require/);
    expect(() => validate('people' as 'users')).toThrow(/people/);
  });
});
