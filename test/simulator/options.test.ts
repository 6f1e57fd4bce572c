import { expect, it } from 'vitest';
import { SimulatedOrg, startOrg, type StartOrgOptions } from 'rollcall/simulator';
import { OptionsError } from '../../src/core/errors.js';

it.each<[string, unknown]>([
  ['cooldownMs', -1],
  ['cooldownMs', NaN],
  ['importMs', '50'],
  ['expiryMs', -1],
  ['latencyMs', -1],
  ['slowMs', null],
  ['noticeMs', -1],
  ['seed', 1.5],
  ['concurrencyLimit', 0],
  ['cooldownApplies', 'sometimes'],
  ['omission', 'unknown'],
  ['lastUpdated', 'created'],
  ['createStatus', 204],
  ['unknownSessionStatus', 410],
  ['startImportAnswer', 'list'],
  ['listInProgress', 1],
  ['shuffle', 'yes'],
  ['recordBodies', 'no'],
  ['token', ''],
  ['token', 'two words'],
  ['identitySources', []],
  ['identitySources', ['a', 'a']],
  ['identitySources', ['a b']],
  ['rateLimit', { limit: 0, windowMs: 1 }],
  ['rateLimit', { limit: 1 }],
  ['rateLimits', { sessions: { limit: 1, windowMs: 0 } }],
  ['rateLimits', { session: { limit: 1, windowMs: 1 } }],
  ['faults', { seed: 1, rates: { reset: 0.1 } }],
  ['faults', { seed: 1, rates: { slow: 2 } }],
  ['faults', { seed: 1, rates: { slow: 0.6, html: 0.6 } }],
  ['faults', { seed: 'x', rates: {} }],
  ['fault', 'slow'],
  ['refuseItem', true],
  ['poison', 'load'],
  ['dropItem', true],
  ['lateMs', -1],
  ['staleMs', -1],
  ['authenticate', 'token'],
  ['clock', {}],
  ['port', 70_000],
  ['cooldown', 5],
])('%s: %j is refused when the org is made', async (name, value) => {
  const options = { [name]: value } as StartOrgOptions;
  await expect(startOrg(options)).rejects.toThrow(OptionsError);
  if (name !== 'port') expect(() => new SimulatedOrg(options)).toThrow(OptionsError);
});

it('an option that is undefined takes its default', () => {
  const options = { seed: 1, importMs: undefined } as unknown as StartOrgOptions;
  expect(new SimulatedOrg(options).token).toBe(new SimulatedOrg({ seed: 1 }).token);
});

it('orgs without a seed have different tokens', () => {
  expect(new SimulatedOrg().token).not.toBe(new SimulatedOrg().token);
});

it('an identity source that the org does not have is named as such', () => {
  const org = new SimulatedOrg({ identitySources: ['one'] });
  expect(() => org.directory('two')).toThrow(OptionsError);
  expect(() => org.sessions('two')).toThrow(OptionsError);
});
