import type { Side } from '../case.js';
import { firstDay } from '../data/days.js';
import { toRecord } from '../support/pipeline.js';
import { startRemoteOrg } from '../support/org-process.js';

const ITEMS_PER_REQUEST = 200;
const REQUESTS_PER_SESSION = 50;
const POLL_MS = 10;

/** Okta's own SDK in a loop: a session, fifty uploads one after another, the import, looks until it is COMPLETED. */
export const oktaSdk: Side = {
  name: "Okta's SDK in a loop",
  async load(world) {
    const { default: okta } = await import('@okta/okta-sdk-nodejs');
    const users = [...firstDay(world.size)].map(toRecord);
    const { identitySourceId, token, url, tell, close } = await startRemoteOrg(world.simulator);
    return async () => {
      // The SDK asks for https unless it is told that this is a test.
      const options = { orgUrl: url, token, testing: { disableHttpsCheck: true } };
      const api = new okta.Client(options).identitySourceApi;
      const perSession = ITEMS_PER_REQUEST * REQUESTS_PER_SESSION;
      for (let first = 0; first < users.length; first += perSession) {
        const { id } = await api.createIdentitySourceSession({ identitySourceId });
        const session = { identitySourceId, sessionId: id as string };
        const end = Math.min(first + perSession, users.length);
        for (let at = first; at < end; at += ITEMS_PER_REQUEST) {
          const profiles = users.slice(at, Math.min(at + ITEMS_PER_REQUEST, end));
          await api.uploadIdentitySourceDataForUpsert({
            ...session,
            BulkUpsertRequestBody: { entityType: 'USERS', profiles },
          });
        }
        await api.startImportFromIdentitySource(session);
        while ((await api.getIdentitySourceSession(session)).status !== 'COMPLETED')
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      const counts = await tell();
      close();
      return { counts };
    };
  },
};
