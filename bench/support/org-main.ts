import type { startOrg as StartOrg } from 'rollcall/simulator';

/** No limit but those of content: what is measured is the client. */
const RATE_LIMIT = { limit: 1_000_000, windowMs: 60_000 };

const { startOrg } = (await import(process.argv[2] ?? '')) as { readonly startOrg: typeof StartOrg };
const org = await startOrg({ cooldownMs: 0, importMs: 10, rateLimit: RATE_LIMIT, seed: 1 });

process.on('message', () => {
  const { users } = org.directory();
  process.send?.({
    users: [...users.values()].filter(({ status }) => status === 'ACTIVE').length,
    bulkRequests: org.requests.filter(({ path }) => path.includes('/bulk-')).length,
    sessions: org.sessions().filter(({ status }) => status === 'COMPLETED').length,
    violations: org.violations.length,
  });
});
process.once('disconnect', () => void org.close());
process.send?.({ url: org.url, token: org.token, identitySourceId: org.identitySourceId });
