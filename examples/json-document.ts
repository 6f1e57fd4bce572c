/**
 * One JSON document of any size with arrays of people and teams, which are read element by element. Teams list their
 * members, so the array of teams is read twice: once for groups, and once for memberships.
 *
 *     npx tsx examples/json-document.ts [document]
 */
import { fileURLToPath } from 'node:url';
import { createClient, flatMap, fromJson, map, pipe, sync } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

interface Person {
  readonly number: number;
  readonly mail: string;
  readonly name: { readonly given: string; readonly family: string };
}
interface Team {
  readonly id: string;
  readonly name: string;
  readonly members: readonly number[];
}

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});

const file = process.argv[2] ?? fileURLToPath(new URL('data/company.json', import.meta.url));
const report = await sync({
  okta,
  state,
  users: pipe(
    fromJson<Person>(file, { path: 'company.people' }),
    map(({ number, mail, name }) => ({
      externalId: String(number),
      profile: { userName: mail, email: mail, firstName: name.given, lastName: name.family },
    })),
  ),
  groups: pipe(
    fromJson<Team>(file, { path: 'company.teams' }),
    map(({ id, name }) => ({ externalId: id, profile: { displayName: name } })),
  ),
  memberships: pipe(
    fromJson<Team>(file, { path: 'company.teams' }),
    flatMap(({ id, members }) =>
      members.map((number) => ({ groupExternalId: id, memberExternalId: String(number) })),
    ),
  ),
  cooldownMs: 100,
  pollIntervalMs: 20,
});
const { users, groups, memberships } = report.confirmed;
console.log(`${users.creates} people, ${groups.creates} groups and ${memberships.creates} memberships`);
await okta.close();
