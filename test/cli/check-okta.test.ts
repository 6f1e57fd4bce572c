import { describe, expect, it } from 'vitest';
import { AttributeUses } from '../../src/cli/checks/attribute-use.js';
import { checkOkta } from '../../src/cli/checks/check-okta.js';
import { OktaAuthError } from '../../src/core/errors.js';
import { replaced } from '../support/replaced.js';
import { clientOf, makeOrg } from '../support/world.js';

/** The check of the identity source, for an answer to the call that lists its sessions. */
async function checked(
  listSessions: () => Promise<readonly { id: string; status: string }[]>,
  isApp = false,
) {
  const okta = replaced(clientOf(makeOrg()), { listSessions: listSessions as never });
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const { signal } = new AbortController();
  const input = { okta, ours: new Set(['mine']), uses: new AttributeUses([]), isApp, clock, signal };
  const [first] = await checkOkta(input);
  return first;
}

describe('the check of the identity source', () => {
  it.each(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED'])(
    'a session that is %s is in nobody’s way',
    async (status) => {
      expect(await checked(async () => [{ id: 's1', status }])).toMatchObject({
        result: 'ok',
        message: 'Okta answers; 0 active sessions',
      });
    },
  );

  it('names an open session of somebody else before one that is being imported, which nobody can cancel', async () => {
    const triggered = { id: 's1', status: 'TRIGGERED' };
    const importing = await checked(async () => [{ id: 'mine', status: 'CREATED' }, triggered]);
    expect(importing).toMatchObject({ result: 'warning' });
    expect(importing?.advice).not.toContain('cancel');
    const open = await checked(async () => [triggered, { id: 's2', status: 'IN_PROGRESS' }]);
    expect(open?.advice).toContain('rollcall cancel --force s2');
  });

  it.each([
    [401, false, 'The API token is wrong'],
    [403, false, 'Use the API token of an administrator'],
    [401, true, 'Check the client id and the key of the service app'],
    [403, true, 'Grant the scopes okta.identitySources.read and okta.identitySources.manage'],
  ])('the advice for a %i fits the credentials (service app: %s)', async (status, isApp, text) => {
    const refused = () => Promise.reject(new OktaAuthError('listIdentitySourceSessions', status, 'E0000006'));
    expect((await checked(refused, isApp))?.advice).toContain(text);
  });
});
