import { join } from 'node:path';
import type { Case, Side, World } from '../case.js';
import { firstDay } from '../data/days.js';
import { oktaSdk } from '../peers/okta-sdk.js';
import { userChanges, toRecord } from '../support/pipeline.js';
import { startRemoteOrg } from '../support/org-process.js';

const POLL_MS = 10;

/** The whole pipeline with the real client over HTTP, its journal and its commits. */
const overHttp: Side = {
  name: 'rollcall, the whole pipeline',
  async load(world: World) {
    const product = await world.product();
    const { batch, createClient, guard, openState, pipe, upload } = product;
    const users = [...firstDay(world.size)].map(toRecord);
    const { identitySourceId, token, url, tell, close } = await startRemoteOrg(world.simulator);
    return async () => {
      const state = await openState(join(world.work, 'state'));
      const okta = createClient({ orgUrl: url, identitySourceId, auth: { token }, rateLimitShare: 1 });
      try {
        await pipe(
          userChanges(product, pipe(users), state),
          guard(state),
          batch(),
          upload(okta, state, { cooldownMs: 0, pollIntervalMs: POLL_MS }),
        );
      } finally {
        await state.close();
        await okta.close();
      }
      const counts = await tell();
      close();
      return { counts };
    };
  },
};

/** What sending costs this machine, with the service's waits switched off. */
export const sendingCases: readonly Case[] = [
  {
    name: 'send-sdk',
    title: "sending users to a simulated org without waits, against Okta's SDK in a loop",
    size: 20_000,
    truth: (size) => ({ users: size, bulkRequests: Math.ceil(size / 200), violations: 0 }),
    rollcall: overHttp,
    peer: oktaSdk,
  },
];
