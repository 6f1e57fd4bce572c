import { describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { map } from '../../src/transform/map.js';
import { pipe } from '../../src/flow/pipe.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { toGroup, toMembership, toUser } from '../../src/transform/to-records.js';
import { drain } from '../sources/support.js';

const row = {
  externalId: '7',
  userName: 'a@x.org',
  secondEmail: '',
  firstName: '',
  mobilePhone: '',
  badge: '',
  title: 'Head',
};

describe('toUser, toGroup, toMembership', () => {
  it('an empty cell is null where the service takes null, and leaves the attribute out where it does not', () => {
    expect(toUser(row)).toEqual({
      externalId: '7',
      profile: { userName: 'a@x.org', firstName: null, mobilePhone: null, badge: null, title: 'Head' },
    });
    expect(toGroup({ externalId: 'g', displayName: '', description: '' })).toEqual({
      externalId: 'g',
      profile: { description: null },
    });
  });

  it('an empty cell stays empty, or is always left out, when that is asked for', () => {
    expect(toUser(row, { emptyCell: 'keep' }).profile).toEqual({
      userName: 'a@x.org',
      secondEmail: '',
      firstName: '',
      mobilePhone: '',
      badge: '',
      title: 'Head',
    });
    expect(toUser(row, { emptyCell: 'omit' }).profile).toEqual({ userName: 'a@x.org', title: 'Head' });
    expect(() => toUser(row, { emptyCell: 'null' as never })).toThrow(OptionsError);
  });

  it('can be given to map as they are', async () => {
    const users = pipe(fromCsv(['externalId,email\n1,a@x.org\n2,\n']), map(toUser));
    expect((await drain(users)).records).toEqual([
      { externalId: '1', profile: { email: 'a@x.org' } },
      { externalId: '2', profile: {} },
    ]);
    const memberships = pipe(
      fromCsv(['groupExternalId,memberExternalId,since\ng,u,2020\n']),
      map(toMembership),
    );
    expect((await drain(memberships)).records).toEqual([{ groupExternalId: 'g', memberExternalId: 'u' }]);
  });

  it('an empty id is left to validate, a missing column is told', () => {
    expect(toUser({ externalId: '', email: 'a' }).externalId).toBe('');
    expect(() => toUser({ email: 'a' })).toThrow(SourceError);
    expect(() => toGroup({ id: 'a' })).toThrow(/externalId/);
    expect(() => toMembership({ groupExternalId: 'g' })).toThrow(/memberExternalId/);
  });

  it('a column called __proto__ sets no prototype, and does not vanish', () => {
    const { profile } = toUser(JSON.parse('{"externalId":"1","__proto__":"x"}') as Record<string, string>);
    expect(Object.getPrototypeOf(profile)).toBe(Object.prototype);
    expect(Object.keys(profile)).toEqual(['__proto__']);
  });
});
