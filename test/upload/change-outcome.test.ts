import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../src/upload/change-outcome.js';
import { membershipChange, profileChange } from '../support/changes.js';

describe('what became of a change', () => {
  it('names a user or group, its session and what changed', () => {
    const change = { ...profileChange('users', 'upsert', 'u1', 'x', false), changed: ['title'] };
    expect(outcomeOf(change, 's1', 'confirmed', undefined)).toStrictEqual({
      entity: 'users',
      kind: 'upsert',
      externalId: 'u1',
      created: false,
      changedAttributes: ['title'],
      sessionId: 's1',
      outcome: 'confirmed',
    });
  });

  it('names both ends of a membership', () => {
    expect(outcomeOf(membershipChange('delete', 'g1', 'u1'), undefined, 'refused', 'E0000001')).toStrictEqual(
      {
        entity: 'memberships',
        kind: 'delete',
        externalId: 'g1',
        memberExternalId: 'u1',
        created: false,
        sessionId: '',
        outcome: 'refused',
        errorCode: 'E0000001',
      },
    );
  });
});
