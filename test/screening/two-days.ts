/** A program: two days of a small directory in CSV, through `sync` with a state on disk. Prints what came of them. */
import { join } from 'node:path';
import {
  fromCsv,
  map,
  openState,
  sync,
  toGroup,
  toMembership,
  toUser,
  createClient,
} from '../../src/index.js';
import { SimulatedOrg } from '../../src/simulator/index.js';

const SOURCE = '0oasimulated000000001';
const files: readonly (readonly [users: string, groups: string, memberships: string])[] = [
  [
    'externalId,userName,email\nu1,a@x.example,a@x.example\nu2,b@x.example,b@x.example\nu3,c@x.example,no\n',
    'externalId,displayName\ng1,A\n',
    'groupExternalId,memberExternalId\ng1,u1\ng1,u2\ng1,u3\n',
  ],
  [
    'externalId,userName,email\nu1,a@x.example,a@x.example\nu1,a@x.example,a@x.example\nu2,b@y.example,b@y.example\n',
    'externalId,displayName\ng1,A\n',
    'groupExternalId,memberExternalId\ng1,u1\ng1,u2\n',
  ],
];

const org = new SimulatedOrg({ seed: 1, identitySources: [SOURCE], cooldownMs: 1, importMs: 1 });
const okta = createClient({
  orgUrl: 'https://test.okta.example',
  identitySourceId: SOURCE,
  auth: { token: org.token },
  transport: async ({ method, url, headers, body }) => {
    const { pathname, search } = new URL(url);
    const length = { 'content-length': String(Buffer.byteLength(body ?? '')) };
    const reply = org.handle({ method, path: pathname + search, headers: { ...headers, ...length }, body });
    if (reply.kind === 'refused' || reply.kind === 'reset') throw new Error(reply.kind);
    return { status: reply.status, headers: reply.headers, body: reply.body };
  },
});
const state = await openState(join(process.argv[2] ?? '', 'state'));
const reports = [];
for (const [users, groups, memberships] of files) {
  const { sources, rejections } = await sync({
    okta,
    state,
    users: map(toUser)(fromCsv([users])),
    groups: map(toGroup)(fromCsv([groups])),
    memberships: map(toMembership)(fromCsv([memberships])),
    guard: { maxUpdatePercent: 100 },
    cooldownMs: 1,
    pollIntervalMs: 1,
  });
  reports.push({ sources, rejections });
}
await state.close();
const { users, groups, memberships } = org.directory(SOURCE);
const held = [
  ...Array.from(users, ([id, { status, profile }]) => [id, status, profile]),
  ...Array.from(groups, ([id, { profile }]) => [id, profile]),
  ...memberships.keys(),
];
console.log(JSON.stringify({ reports, held }));
