// Type-checked in an empty project, against the types of the packed package alone.
import {
  batch,
  createClient,
  diff,
  fromCsv,
  guard,
  map,
  openState,
  OktaHttpError,
  pipe,
  upload,
  validate,
  type SyncReport,
  type UserRecord,
} from 'rollcall';
import { startOrg, type OrgOptions } from 'rollcall/simulator';

async function* onlyStaff(users: AsyncIterable<UserRecord>): AsyncGenerator<UserRecord> {
  for await (const user of users) if (user.profile['userType'] !== 'guest') yield user;
}

export async function run(options: OrgOptions): Promise<number> {
  const org = await startOrg(options);
  await using state = await openState('./state');
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  try {
    const report = await pipe(
      fromCsv('people.csv'),
      map((row): UserRecord => ({ externalId: row['id'] ?? '', profile: { userName: row['mail'] ?? null } })),
      onlyStaff,
      validate('users'),
      diff('users', state),
      guard(state, { maxDeletePercent: 5 }),
      batch(),
      upload(okta, state),
    );
    return report.confirmed.users.creates;
  } catch (error) {
    if (error instanceof OktaHttpError) return error.status;
    throw error;
  }
}

export function describe(report: SyncReport): string {
  return `${report.requests} requests, ${report.rejections.length} rejects`;
}
