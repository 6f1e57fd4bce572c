import { describe, expect, it } from 'vitest';
import type { MembershipRecord, UserRecord } from '../../src/core/model.js';
import { plan } from '../../src/sync/sync.js';
import { withState } from '../support/two-ways.js';

const user = (externalId: string, i: number): UserRecord => ({
  externalId,
  profile: { userName: `u${i}`, email: `u${i}@x.example` },
});
const group = { externalId: 'g', profile: { displayName: 'G' } };

/** The reasons of the rejected memberships of a first load. */
async function reasons(ids: readonly string[], memberships: readonly MembershipRecord[]): Promise<string[]> {
  const found: string[] = [];
  await withState(async (state) => {
    const { rejections } = await plan({
      state,
      users: ids.map(user),
      groups: [group],
      memberships,
    });
    found.splice(0, Infinity, ...rejections.map(({ reason }) => reason));
  });
  return found;
}

const member = (memberExternalId: string) => ({ groupExternalId: 'g', memberExternalId });

describe('a membership that names nobody', () => {
  it.each([
    ['1001', '1001    ', 'there is "1001    ", which differs from "1001" only in blanks'],
    [' 1001', '1001', 'there is "1001", which differs from " 1001" only in blanks'],
    ['7', '0007', 'there is "0007", which differs from "7" only in leading zeros'],
    ['0007', '7', 'there is "7", which differs from "0007" only in leading zeros'],
    ['ann.lee', 'Ann.Lee', 'there is "Ann.Lee", which differs from "ann.lee" only in case'],
    ['Ann', 'ANN', 'there is "ANN", which differs from "Ann" only in case'],
    ['ANN ', 'ann', 'there is "ann", which differs from "ANN " only in blanks and case'],
  ])('%j is told that there is %j', async (named, existing, clause) => {
    const [reason] = await reasons([existing], [member(named)]);
    expect(reason).toContain(
      'names a user that has no valid record in the source and is not in Okta; there is',
    );
    expect(reason).toContain(clause);
  });

  it('names a similar group too', async () => {
    const [reason] = await reasons(['1'], [{ groupExternalId: 'g ', memberExternalId: '1' }]);
    expect(reason).toContain('; there is "g", which differs from "g " only in blanks');
  });

  it('is told nothing more if no similar id exists, or after the first twenty', async () => {
    const plain = 'names a user that has no valid record in the source and is not in Okta';
    expect(await reasons(['1'], [member('2')])).toEqual([plain]);
    const ids = Array.from({ length: 25 }, (_, i) => `A${i}`);
    const all = await reasons(
      ids,
      ids.map((id) => member(id.toLowerCase())),
    );
    expect(all.filter((reason) => reason !== plain)).toHaveLength(20);
    expect(all).toHaveLength(25);
  });
});
