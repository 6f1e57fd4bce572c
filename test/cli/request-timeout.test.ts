import { describe, expect, it } from 'vitest';
import type { Transport, WireRequest, WireResponse } from '../../src/okta/wire.js';
import { ManualClock } from '../simulator/caller.js';
import { directTransport, makeOrg, ORG_URL, SOURCE } from '../support/world.js';
import { cli, directory, files, QUICK, usersCsv } from './support.js';

const OKTA: WireResponse = {
  status: 408,
  headers: { 'content-type': 'application/json', 'x-okta-request-id': 'req-1' },
  body: JSON.stringify({ errorCode: 'E0000009', errorSummary: 'Request timed out' }),
};
const PAGE: WireResponse = { status: 408, headers: { 'content-type': 'text/html' }, body: '<html>canary' };
const SYNC = ['sync', '--users', 'users.csv', ...QUICK, '--patience', '10ms'];

type Requests = (request: WireRequest) => boolean;
const every: Requests = () => true;
const isPost =
  (path: RegExp): Requests =>
  ({ method, url }) =>
    method === 'POST' && path.test(url);
const isLoad = isPost(/bulk-upsert$/);
const isPoll: Requests = ({ method, url }) => method === 'GET' && /\/sessions\/[^/]+$/.test(url);

/** Syncs three users to an org that answers some requests with 408, and then to one that does not. */
async function syncs(timesOut: Requests, answer: WireResponse, acts: boolean) {
  const [cwd, clock] = [await directory(), new ManualClock()];
  await files(cwd, { 'users.csv': usersCsv(3) });
  const org = makeOrg({ clock, cooldownMs: 1, importMs: 1 });
  const direct = directTransport(org, (ms) => clock.sleep(ms));
  let lasts = true;
  const transport: Transport = async (request) => {
    if (!lasts || !timesOut(request)) return direct(request);
    if (acts) await direct(request);
    return answer;
  };
  const env = {
    OKTA_CLIENT_ORGURL: ORG_URL,
    OKTA_CLIENT_TOKEN: org.token,
    OKTA_IDENTITY_SOURCE_ID: SOURCE,
  };
  const sync = () => cli(cwd, SYNC, { env, deps: { transport, clock } });
  const first = await sync();
  lasts = false;
  return { first, next: await sync(), org };
}

describe('408 of Okta that lasts ends a sync with 4, and the next one completes it', () => {
  it.each([
    ['to every request', every, false, /Sessions: Okta answered 408 \(E0000009, request req-1\)/],
    ['to the creation of a session', isPost(/\/sessions$/), false, /Okta does not create a session/],
    ['to the content, on which Okta acts', isLoad, true, /10 sessions in a row failed/],
    ['to the content, on which Okta does not act', isLoad, false, /10 sessions in a row failed/],
    ['to the trigger', isPost(/start-import$/), false, /cannot be triggered; the next run settles it/],
    ['to every poll', isPoll, false, /Session: Okta answered 408 \(E0000009, request req-1\)/],
  ])('%s', async (_, timesOut, acts, message) => {
    const { first, next, org } = await syncs(timesOut, OKTA, acts);
    expect([first.code, first.err]).toEqual([4, expect.stringMatching(message)]);
    expect(first.err).toContain('Not confirmed: 3 users.\n');
    expect(first.err).toMatch(
      /Run it again to continue: changes that Okta confirmed are not sent again\.\n$/,
    );
    expect(next.code).toBe(0);
    expect(org.directory(SOURCE).activeUsers).toBe(3);
    expect(org.violations).toEqual([]);
  });

  it.each([
    ['the creation of a session', isPost(/\/sessions$/)],
    ['the trigger', isPost(/start-import$/)],
  ])('and where Okta acted on %s, the sync goes on', async (_, timesOut) => {
    const { first, org } = await syncs(timesOut, OKTA, true);
    expect(first.code).toBe(0);
    expect(org.sessions(SOURCE)).toHaveLength(1);
    expect(org.violations).toEqual([]);
  });
});

it('408 of a gateway that lasts ends a sync with 4 too, and is told apart from Okta', async () => {
  const { first, next } = await syncs(every, PAGE, false);
  expect([first.code, first.err]).toEqual([4, expect.stringContaining('answered 408 text/html, not Okta')]);
  expect(first.err).toContain('[ERR_ROLLCALL_OKTA_GATEWAY]');
  expect(first.err).not.toContain('canary');
  expect(next.code).toBe(0);
});
