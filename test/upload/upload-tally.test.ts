import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { ENTITIES, type Change } from '../../src/core/model.js';
import { UploadTally } from '../../src/upload/upload-tally.js';
import { anyChanges, membershipChange, profileChange } from '../support/changes.js';

const taken = (tally: UploadTally, changes: readonly Change[]) => {
  for (const change of changes) tally.received(makeBatch(change.entity, change.kind, [change]));
};

describe('the tally of an upload', () => {
  it('every change that was taken is confirmed, refused or remains', () => {
    fc.assert(
      fc.property(
        anyChanges(60),
        fc.array(fc.constantFrom('confirm', 'refuse', 'leave')),
        (changes, fates) => {
          const tally = new UploadTally();
          taken(tally, changes);
          const fateOf = (i: number) => fates[i % (fates.length || 1)] ?? 'leave';
          const confirmed = changes.filter((_, i) => fateOf(i) === 'confirm');
          const refused = changes.filter((_, i) => fateOf(i) === 'refuse');
          tally.confirmed(confirmed);
          for (const change of refused) tally.refused(change, 'E0000001', 'because');
          const report = tally.report();
          expect(report.remaining).toBe(changes.length - confirmed.length - refused.length);
          expect(report.refused).toHaveLength(refused.length);
          for (const entity of ENTITIES) {
            const ofEntity = (all: readonly Change[]) =>
              all.filter((change) => change.entity === entity).length;
            expect(report.remainingByEntity[entity]).toBe(
              ofEntity(changes) - ofEntity(confirmed) - ofEntity(refused),
            );
            const own = confirmed.filter((change) => change.entity === entity);
            expect(report.confirmed[entity]).toEqual({
              creates: own.filter(({ kind, created }) => kind === 'upsert' && created).length,
              updates: own.filter(({ kind, created }) => kind === 'upsert' && !created).length,
              deletes: own.filter(({ kind }) => kind === 'delete').length,
            });
          }
        },
      ),
    );
  });

  it('the whole plan remains from the beginning, where the guard told its size', () => {
    const tally = new UploadTally();
    tally.plan({ users: 90, groups: 10, memberships: 0 });
    tally.plan(undefined);
    const changes = [profileChange('users', 'upsert', 'a', 'x'), profileChange('users', 'upsert', 'b', 'x')];
    taken(tally, changes);
    expect(tally.remaining).toBe(100);
    tally.confirmed(changes);
    expect(tally.remaining).toBe(98);
    expect(tally.remainingByEntity).toEqual({ users: 88, groups: 10, memberships: 0 });
  });

  it('requests and their bytes add up', () => {
    const tally = new UploadTally();
    const batch = makeBatch('users', 'upsert', [profileChange('users', 'upsert', 'a', 'é')]);
    tally.sent(batch);
    tally.sent(batch);
    tally.sessions++;
    expect(tally.report()).toMatchObject({ requests: 2, bytes: 2 * batch.bytes, sessions: 1 });
  });

  it('a refused record is named as people know it, with the code of Okta where it gave one', () => {
    const tally = new UploadTally();
    tally.refused(membershipChange('upsert', 'g', 'u'), 'E0000001', 'because');
    tally.refused(profileChange('users', 'upsert', 'a', 'x'), undefined, 'because');
    expect(tally.report().refused).toMatchObject([
      { entity: 'memberships', externalId: 'g/u', code: 'E0000001', reason: 'because' },
      { entity: 'users', externalId: 'a', code: 'REFUSED' },
    ]);
  });

  it('a report is of its moment', () => {
    const tally = new UploadTally();
    const before = tally.report();
    tally.refused(profileChange('users', 'upsert', 'a', 'x'), undefined, 'because');
    tally.confirmed([profileChange('users', 'upsert', 'b', 'x')]);
    expect(before).toMatchObject({ refused: [], confirmed: { users: { creates: 0 } } });
  });
});
