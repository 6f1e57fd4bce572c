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
import { TransportError, type Transport } from 'rollcall/okta';
import { startOrg, type OrgOptions } from 'rollcall/simulator';
import { stateStoreContract, type StoreUnderTest } from 'rollcall/store';
import { memoryState } from 'rollcall/testing';
import type { GuardOptions } from 'rollcall/types';

const limits: GuardOptions = { maxDeletePercent: 5 };

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
      guard(state, limits),
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

export const broken: Transport = () => Promise.reject(new TransportError('no network', false));

export function lawsOf(open: () => Promise<StoreUnderTest>): readonly string[] {
  return stateStoreContract(open).map(({ name }) => name);
}

export const inMemory = memoryState();
