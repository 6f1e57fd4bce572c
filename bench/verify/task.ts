import type { UserRecord } from '../../src/core/model.js';

/** A step of the measure, for one child process. */
export interface Task {
  readonly step: 'adopt' | 'verify';
  /** The directory of the state. */
  readonly state: string;
  readonly users: number;
  readonly org: { readonly url: string; readonly token: string; readonly identitySourceId: string };
}

/** What `verify` found. */
export interface Found {
  readonly differences: number;
  readonly same: number;
}

/** A user of a size as they are in practice: about 300 bytes. */
export function userAt(i: number): UserRecord {
  const name = `person${i}@example.com`;
  return {
    externalId: `id-${i}`,
    profile: {
      userName: name,
      email: name,
      firstName: `First ${i}`,
      lastName: `Last ${i}`,
      homeAddress: `${i} Long Street, Some Town, Some Country`,
    },
  };
}
