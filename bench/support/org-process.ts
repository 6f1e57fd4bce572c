import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A simulated org in a process of its own, so that its work is not counted with the caller's. */
export interface RemoteOrg {
  readonly url: string;
  readonly token: string;
  readonly identitySourceId: string;
  /** What it holds and saw: users that are active, bulk requests, sessions that were COMPLETED. */
  readonly tell: () => Promise<
    Readonly<Record<'users' | 'bulkRequests' | 'sessions' | 'violations', number>>
  >;
  readonly close: () => void;
}

/** Starts the org. `simulator` is the module of `rollcall/simulator`. */
export async function startRemoteOrg(simulator: string): Promise<RemoteOrg> {
  const child = fork(fileURLToPath(new URL('org-main.js', import.meta.url)), [simulator]);
  const address = (await messageOf(child)) as Pick<RemoteOrg, 'url' | 'token' | 'identitySourceId'>;
  return {
    ...address,
    tell: async () => {
      child.send('tell');
      return (await messageOf(child)) as Awaited<ReturnType<RemoteOrg['tell']>>;
    },
    close: () => child.disconnect(),
  };
}

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the simulated org has ended')));
  });
}
