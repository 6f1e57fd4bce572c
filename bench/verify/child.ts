import { createClient } from '../../src/okta/client.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { adopt } from '../../src/sync/adopt.js';
import { plan } from '../../src/sync/sync.js';
import { verify } from '../../src/verify/verify.js';
import { userAt, type Found, type Task } from './task.js';

const { step, state: path, users: size, org } = JSON.parse(process.argv[2] ?? '') as Task;

function* users() {
  for (let i = 0; i < size; i++) yield userAt(i);
}

await using state = await openState(path);
if (step === 'adopt') {
  const { hash } = await plan({ state, users: users() });
  const { identitySourceId } = org;
  await adopt({ state, users: users(), target: { orgUrl: org.url, identitySourceId }, confirm: hash });
} else {
  const { url: orgUrl, token, identitySourceId } = org;
  await using okta = createClient({ orgUrl, identitySourceId, auth: { token } });
  const { differences, counts } = await verify({ okta, state });
  const found: Found = { differences, same: counts.users.same };
  process.send?.(found);
}
process.disconnect?.();
