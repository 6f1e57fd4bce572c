/**
 * A program that forgets to await its upload: `node forgotten-await.ts DIRECTORY sends|fails`. The state is closed at the end of
 * the block, while the upload runs.
 */
import { batch, createClient, diff, guard, openState, pipe, upload, validate } from 'rollcall';
import { startOrg } from 'rollcall/simulator';

const [directory = '', way] = process.argv.slice(2);
const org = await startOrg({ importMs: 5, cooldownMs: 5 });
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: way === 'fails' ? 'wrong' : org.token },
});
const people = [{ externalId: '1', profile: { userName: 'ann@example.com', email: 'ann@example.com' } }];
{
  await using state = await openState(directory);
  void pipe(
    people,
    validate('users'),
    diff('users', state),
    guard(state),
    batch(),
    upload(okta, state, { pollIntervalMs: 5 }),
  );
}
{
  await using state = await openState(directory);
  const { users } = await state.counts();
  console.log(`${org.directory().activeUsers} in Okta, ${users.known} in the state`);
}
await okta.close();
await org.close();
