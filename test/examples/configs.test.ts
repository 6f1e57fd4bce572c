import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { directory, envOf, org } from '../cli/support.js';
import { runRollcall } from './run.js';

const CONFIG = 'examples/config-merged/rollcall.config.ts';

describe('the example of two sources as one', () => {
  it('sends each person once, with the columns of the source that has precedence', async () => {
    const okta = await org({ clock: systemClock });
    const args = ['--config', CONFIG, '--state', await directory()];
    const out = await runRollcall(['sync', ...args, '--cooldown', '1ms', '--poll', '1ms'], envOf(okta));
    expect(out).toMatch(/Okta confirmed .+ in 2 sessions/);
    const { users, groups } = okta.directory(okta.identitySourceId);
    expect(users.get('1')?.profile).toMatchObject({
      userName: 'anna.berg@example.com',
      lastName: 'Berg',
      mobilePhone: '+46 8 2',
    });
    expect(users.get('7')?.profile).toMatchObject({ userName: 'omar.haddad@example.com' });
    expect([...groups.keys()].sort()).toEqual(['Engineering', 'Guests', 'Operations']);
    const again = await runRollcall(['plan', ...args], envOf(okta));
    expect(again).toMatch(/users +4 +4 +0 +0 +0 +0/);
  });
});
